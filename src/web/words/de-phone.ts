import type { enPhone } from './en-phone.js'

/** Texts of one phone's page: what happened, what to do, its files, and adding one. */
export const dePhone: Readonly<Record<keyof typeof enPhone, string>> = {
  'registration.drop': 'Registrierung beenden',
  'registration.drop.ask': 'Diese Registrierung beenden?',
  'registration.drop.why':
    'Das Telefon oder die App ist darüber ab sofort nicht mehr erreichbar. Es kann sich wieder registrieren; für ein verlorenes Telefon, oder eines, das nicht wiederkommen darf, gibt es „Verlust melden“ und „Sperren“, für eine App „Zurücknehmen“ bei den Softphones.',
  'registration.softphone': 'Ein Softphone, oder das eigene Konto der Person',
  'done.thrownOut': 'Beendet. Es kann sich wieder registrieren.',
  'phone.modules': 'Erweiterungsmodule',
  'phone.modules.none': 'keine',
  'phone.modules.change': 'ändern',
  'diagnosis.title': 'Was zu tun ist',
  'diagnosis.silent':
    'Es hat diesen Server noch nie nach etwas gefragt. Prüfen Sie Strom und Netz, und ob DHCP-Option 66 oder die im Telefon eingetragene Adresse hierher führt.',
  'diagnosis.gone':
    'Zuletzt gehört wurde von ihm {time}; was es damals fragte, ist nicht mehr aufbewahrt. Prüfen Sie, ob es noch angeschlossen ist, und starten Sie es neu.',
  'diagnosis.noLine': 'Es bekommt seine Konfiguration, aber niemand ist darauf: Setzen Sie eine Person auf Leitung 1.',
  'diagnosis.untrusted':
    'Es wurde {time} abgewiesen, weil {peer} in keinem Netz liegt, dem vertraut wird. Siehe PHONEBOOT_TRUSTED_NETWORKS, oder geben Sie dem Telefon die Adresse mit seinem Token.',
  'diagnosis.failed':
    'Seine Konfiguration konnte {time} nicht erstellt werden: {reason}. Stellen Sie die genannte Einstellung richtig.',
  'diagnosis.wrongModel':
    'Es ist nicht das gewählte Modell ({reason}). Ändern Sie das Modell unter „Bezeichnung und Modell“ und starten Sie das Telefon neu.',
  'diagnosis.wrongFile':
    'Es fragte {time} nach {file}, was kein Telefon dieses Modells bekommt. Das Modell ist ein anderes, oder die Adresse im Telefon nennt eine Datei: Sie muss mit einem Schrägstrich enden.',
  'diagnosis.wrongPassword':
    'Es wollte sich {time} von {peer} mit falschem Passwort oder Benutzer registrieren. Es hat eine alte Konfiguration: Lassen Sie es neu holen oder starten Sie es neu; ist es von Hand eingerichtet, löschen Sie sein Konto.',
  'diagnosis.tls':
    'Eine sichere Verbindung von seiner Adresse scheiterte {time} ({reason}). Das Telefon vertraut dem Zertifikat nicht, seine Uhr geht falsch, oder es ist zu alt für das TLS dieses Servers: Setzen Sie den Zeitserver, laden Sie die CA, oder setzen Sie provisioningScheme auf http.',
  'diagnosis.expired':
    'Es war von {peer} registriert und hat sich seit {time} nicht mehr gemeldet. Es wurde abgezogen, verlor sein Netz, oder eine Firewall vergaß die Verbindung: Prüfen Sie das Kabel, und setzen Sie hinter NAT natKeepAlive oder TCP.',
  'diagnosis.notRegistering':
    'Es hat {time} seine Konfiguration bekommen, sich seitdem aber nicht registriert. Prüfen Sie, ob es den SIP-Port erreicht und ob es die Konfiguration übernommen hat (neu starten).',
  'diagnosis.oldFirmware':
    'Es läuft mit {firmware}; für seine Hardware gab es Firmware bis Generation {newest}. Alter Firmware fehlen Sicherheitskorrekturen und Einstellungen: Setzen Sie firmwareVersion, sobald das Abbild im Firmware-Ordner liegt.',
  'diagnosis.blocked': 'Es ist gesperrt: Es bekommt nichts und kann sich nicht registrieren.',
  'diagnosis.blockedCalls':
    'Es ist gesperrt und meldete sich {time} von {peer}. Ging es verloren oder wurde es gestohlen, ist es jetzt dort; bekommen hat es nichts.',
  'diagnosis.held': 'Es ist angehalten und bekommt nichts, bis es zugelassen wird.',
  'register.registered': 'Registriert als {number}',
  'register.unregistered': 'Hat sich als {number} abgemeldet',
  'register.expired': 'Registrierung als {number} lief ab: Sie wurde nicht erneuert',
  'register.replaced': 'Registrierung als {number} wurde von einer neueren ersetzt',
  'register.revoked': 'Registrierung als {number} wurde hier zurückgenommen',
  'register.subscribed':
    'Bat darum, {targets} zu beobachten; über Gespräche sagt ihm hier niemand etwas, die Lampen bleiben dunkel',
  'register.answered': 'beantwortet mit {status}',
  'register.refused': 'Wollte sich registrieren und konnte nicht beweisen, wer es ist',
  'told.resync': 'Von uns gebeten, seine Dateien zu holen:',
  'told.reboot': 'Von uns gebeten, neu zu starten:',
  'told.waiting': 'unterwegs',
  'told.heard': 'gehört',
  'told.refused': 'vom Telefon abgelehnt',
  'told.unanswered': 'keine Antwort',
  'told.not-registered': 'nicht registriert, also gab es keinen Weg zu ihm',
  'told.unreachable': 'seine Verbindung ist weg',
  'told.expired': 'zu spät',
  'told.by': 'von {who}',
  'phone.took': 'erstellt in {ms} ms',
  'phone.after': '{seconds} s nachdem es seine Datei bekam',
  'phone.times': '{n}-mal',
  'phone.resync': 'Neu holen lassen',
  'phone.resync.hint': 'Bittet es über SIP, jetzt nach seinen Dateien zu sehen.',
  'phone.reboot': 'Neu starten',
  'phone.reboot.ask': 'Dieses Telefon neu starten?',
  'phone.reboot.why': 'Ein laufendes Gespräch endet. Das Telefon holt beim Hochfahren seine Dateien.',
  'phone.lost': 'Verlust melden',
  'phone.lost.ask': 'Dieses Telefon als verloren melden?',
  'phone.lost.why':
    'Es wird gesperrt, seine Adresse für die Konfiguration und alle seine Passwörter gelten sofort nicht mehr. Die Person behält Nummer und Tasten: Geben Sie ihr ein anderes Telefon. Meldet sich das verlorene, steht auf seiner Seite, von wo.',
  'phone.move': 'Ersetzen',
  'phone.move.title': 'Dieses Telefon durch ein anderes ersetzen',
  'phone.move.why':
    'Leitungen, Tasten und Bezeichnung gehen auf das andere Telefon über, mit neuen Passwörtern. Diesem wird gesagt, es soll seine Konten vergessen.',
  'phone.move.to': 'MAC-Adresse des neuen Telefons',
  'phone.move.action': 'Dorthin verlegen',
  'phone.move.model': 'Modell des neuen Telefons; leer: dasselbe.',
  'phone.settings': 'Einstellungen dieses Telefons',
  'phone.reg.port': 'Port',
  'phone.changes.one': '{n} Datei hat sich geändert, seit das Telefon sie geholt hat.',
  'phone.changes.other': '{n} Dateien haben sich geändert, seit das Telefon sie geholt hat.',
  'phone.front': 'Vorderseite eines Telefons',
  'file.phonebook': 'Für alle Telefone des Standorts gleich, die diese Form lesen. Wer darin steht:',
  'file.origins': 'Woher jede Zeile kommt',
  'file.origins.hint': 'Öffnen Sie eine Zeile, um zu sehen, wovon sie abhängt.',
  'file.from.setting': 'Einstellung',
  'file.from.raw': 'von Hand gesetzt',
  'file.from.person': 'Person',
  'file.from.key': 'Taste',
  'file.from.phone': 'dieses Telefon',
  'file.from.server': 'dieser Server',
  'file.from.model': 'gleich beim ganzen Modell',
  'file.diff': 'Verglichen mit dem, was das Telefon bekam',
  'file.diff.same': 'Das Telefon hat genau diese Bytes.',
  'file.diff.unknown':
    'Was das Telefon hat, ist nicht bekannt: Es hat nach dieser Datei noch nicht gefragt, oder zu lange her.',
  'file.diff.changed': 'Das Telefon bekam {time} eine andere Datei. Seitdem ist anders:',
  'file.diff.notKept':
    'Das Telefon bekam {time} eine andere Datei, die nicht mehr aufbewahrt ist. Was seitdem geändert wurde, von allem, was damit zu tun haben kann:',
  'file.diff.more': 'Was geändert wurde, steht im Änderungsprotokoll.',
  'file.plain': 'Die Datei',
  'add.step': 'Schritt {n} von 2',
  'add.mac.hint':
    'Tippen Sie sie, oder lesen Sie den Strichcode auf Karton oder Telefon ein: Ein Scanner tippt sie und drückt Enter.',
  'add.next': 'Weiter',
  'add.scan': 'Mit der Kamera einlesen',
  'add.scan.stop': 'Kamera anhalten',
  'add.scan.none': 'Noch kein Strichcode mit einer MAC-Adresse gefunden…',
  'add.scan.refused': 'Die Kamera lässt sich hier nicht benutzen.',
  'add.guess': 'Nach seiner Adresse ist es von {vendor}.',
  'add.guess.none': 'Sein Hersteller ist an der Adresse nicht zu erkennen.',
  'add.back': 'Eine andere MAC-Adresse',
  'done.lost': 'Als verloren gemeldet: Es ist gesperrt, seine Passwörter gelten nicht mehr.',
  'done.knownPhone': 'Dieses Telefon ist schon da.',
  'done.moved': 'Hierher verlegt. Das Telefon bekommt seine Konfiguration, wenn es das nächste Mal fragt.',
  'done.resynced': 'Es wurde gebeten, seine Dateien zu holen. Was daraus wird, steht im Verlauf.',
  'done.rebooted': 'Es wurde gebeten, neu zu starten. Was daraus wird, steht im Verlauf.',
}
