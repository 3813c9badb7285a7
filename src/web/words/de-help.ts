import type { enHelp } from './en-help.js'

/** What a page is for, in German. */
export const deHelp: Readonly<Record<keyof typeof enHelp, string>> = {
  'help.open': 'Hilfe',
  'help.phones':
    'Alle bekannten Telefone. Der Punkt zeigt den Zustand jetzt und ändert sich von selbst. Ein Klick auf die MAC-Adresse öffnet das Telefon; „/“ springt zur Suche.',
  'help.phone':
    'Was das Telefon gefragt und bekommen hat und ob es registriert ist. Hängt es, steht hier, was zu tun ist. „Neu holen lassen“ bittet es über SIP, seine Dateien jetzt zu holen.',
  'help.phone-new':
    'Den Strichcode auf dem Karton einlesen oder die MAC-Adresse tippen. Danach kommen Modell und Person.',
  'help.phone-new-details': 'Das Modell bestimmt, welche Dateien das Telefon bekommt. Die Person kann später folgen.',
  'help.registration-drop': 'Beendet diese eine Registrierung. Telefon oder App kann sich wieder registrieren.',
  'help.phone-move': 'Für ein defektes Telefon: Das neue übernimmt Personen, Tasten und Bezeichnung.',
  'help.phone-file': 'Jede Zeile der Datei und aus welcher Einstellung sie kommt. Passwörter sind verdeckt.',
  'help.confirm': 'Es geschieht nichts, bevor Sie bestätigen.',
  'help.pending':
    'Ein angeschlossenes Telefon, das diesen Server findet, aber noch nicht bekannt ist, erscheint hier binnen einer Sekunde. Vergleichen Sie die MAC-Adresse mit dem Aufkleber auf der Rückseite.',
  'help.assign':
    'Wählen Sie, wer das Telefon bekommt: Nummer oder Name eintippen. Das Modell ist an dem erkannt, was das Telefon von sich sagt: Prüfen Sie es.',
  'help.people':
    'Alle mit einer Nummer. „Registriert“ heißt: Mindestens ein Telefon oder eine App der Person ist erreichbar.',
  'help.person':
    'Die Person mit allem, was zu ihr gehört: Telefone, Passwörter, Verhalten ihrer Telefone. Jeder Abschnitt wird für sich gespeichert.',
  'help.person-new': 'Nummer und Name genügen. Ein starkes SIP-Passwort entsteht von selbst.',
  'help.person-number': 'Telefone erfahren die neue Nummer, wenn sie ihre Dateien das nächste Mal holen.',
  'help.person-password': 'Dieses Passwort ist für von Hand eingerichtete Geräte. Im Protokoll steht es nicht.',
  'help.person-remove': 'Sehen Sie vor dem Löschen nach, was auf die Person verweist.',
  'help.people-unnumbered': 'Geben Sie denen eine Nummer, die eine Datei ohne genannt hat.',
  'help.phonebook':
    'Telefone fragen von selbst nach einem neuen Telefonbuch, alle zwei Stunden, wenn keine Einstellung etwas anderes sagt: Keines muss neu gestartet werden.',
  'help.people-removed': 'Holen Sie zurück, wer versehentlich gelöscht wurde.',
  'help.keys':
    'Klicken Sie auf eine Taste der Zeichnung, oder gehen Sie mit den Pfeiltasten durch die Liste. Auf den Telefonen ändert sich nichts, bevor Sie speichern.',
  'help.groups':
    'Eine Gruppe gibt ihren Personen und Telefonen gleiche Einstellungen und Tasten, etwa einer Abteilung. Ein Telefon kann in einer Gruppe sein, eine Person in mehreren.',
  'help.group':
    'Nehmen Sie Telefone mit ihrer MAC-Adresse auf. Einstellungen und Tasten bekommen sie, wenn sie das nächste Mal fragen.',
  'help.softphones':
    'Apps auf Rechnern und Handys. App wählen, Code zeigen, scannen lassen; die Zeile wechselt von selbst auf „Registriert“.',
  'help.softphone-code': 'Lassen Sie ihn jetzt scannen: Er wird nur dieses eine Mal gezeigt.',
  'help.softphone-sheet-new': 'Ein Code je Person, zum Drucken und Ausschneiden.',
  'help.softphone-sheet': 'Drucken Sie jetzt; die Codes werden nicht noch einmal gezeigt.',
  'help.mail-new':
    'Eine Mail, wie die Person sie sehen wird, bevor sie gesendet wird; Art und Sprache werden hier gewählt.',
  'help.mails': 'Mails mit Codes und Links, Hinweise auf das, was geschehen ist; und was aus ihnen wurde.',
  'help.settings':
    'Beginnen Sie mit „Dieser Standort“. Was bei Hersteller, Modell, Gruppe, Person oder Telefon gesetzt ist, geht vor.',
  'help.setting-layer':
    'Werte, die hier gelten, und woher sie kommen. Wählen Sie einen aus; gespeichert wird erst, wenn Sie gesehen haben, was sich ändert.',
  'help.setting':
    'Erst sehen, welche Telefone sich ändern, dann speichern: für das nächste Holen, sofort oder zu einer Zeit.',
  'help.changes':
    '„Holen lassen“ bittet ein Telefon über SIP, seine Dateien zu holen. Ein nicht registriertes bekommt sie beim Einschalten.',
  'help.planned': 'Änderungen, die zu ihrer Zeit von selbst gespeichert werden.',
  'help.imports':
    'Personen und Telefone aus einer Tabelle übernehmen. Sie sehen vor jeder Änderung, was jede Zeile täte, und können es später zurücknehmen.',
  'help.import': 'Prüfen Sie Spalten und Zeilen, dann importieren Sie.',
  'help.import-undo': 'Alles wird wie vor diesem Import, oder nichts.',
  'help.move-in':
    'Personen und Telefone von einem anderen Provisionierungsserver übernehmen: Dateien wählen, Gefundenes ansehen, dann übernehmen.',
  'help.move-in-found': 'Sehen Sie an, was in den Dateien gefunden wurde. Übernommen wird erst, wenn Sie bestätigen.',
  'help.import-mails': 'Willkommensmails an alle, die der Import hinzugefügt hat.',
  'help.accounts': 'Wer sich auf diesen Seiten anmelden darf.',
  'help.account': 'Was dieses Konto darf, und sein Zugang.',
  'help.account-new': 'Der neue Administrator setzt sein Passwort über einen Link, der einmal gilt.',
  'help.account-link': 'Geben Sie diesen Link selbst weiter: Wer ihn hat, hat das Konto.',
  'help.roles': 'Eine Rolle ist eine Liste von Rechten. Legen Sie eigene an, wo die vorhandenen nicht passen.',
  'help.role': 'Kreuzen Sie an, was jemand mit dieser Rolle darf.',
  'help.audit': 'Wer was wann geändert hat. Passwörter stehen hier nie.',
  'help.bans':
    'Adressen, die Passwörter rieten oder Dateien durchprobierten. Eine Sperre endet von selbst; heben Sie sie auf, wenn es eines Ihrer Telefone war.',
  'help.sites': 'Standorte halten Personen, Telefone und Einstellungen getrennt.',
  'help.webhooks': 'Andere Programme erfahren, was sich hier ändert.',
  'help.webhook': 'Was diesem Programm gemeldet wurde, und was es antwortete.',
  'help.webhook-secret': 'Übernehmen Sie das Geheimnis jetzt in das andere Programm.',
  'help.sign-in':
    'Name und Passwort haben Sie mit Ihrem Zugang bekommen. Vergessen? Wer die Konten verwaltet, macht Ihnen einen Link für ein neues.',
  'help.sign-in-domain':
    'Hier werden mehrere Standorte verwaltet, jeder mit eigenen Konten. Geben Sie die Domain ein, die Sie mit Ihrem Konto bekommen haben; ohne eine bleibt das Feld leer.',
  'help.set-up':
    'Das erste Konto darf alles. Den Link dafür zeigt der Server beim Start, oder er steht in admin-setup-link.txt im Datenordner. Er gilt einmal.',
  'help.password': 'Der Link gilt einmal. Wurde er schon benutzt, macht Ihnen einen neuen, wer die Konten verwaltet.',
  'help.own-account': 'Ihr Passwort, Ihre Authenticator-App und Ihre API-Token.',
}
