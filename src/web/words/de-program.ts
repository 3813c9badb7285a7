import type { Permission } from '../../accounts/permissions.js'
import type { OffenceKind } from '../../limits/offence.js'

/** What each right lets somebody do, in German; the English text stands in src/accounts/permissions.ts. */
export const RIGHTS_DE: Readonly<Record<Permission, string>> = {
  'people.read': 'Personen sehen, ihre Tasten und wo sie vorkommen',
  'people.write': 'Personen und ihre Tasten anlegen, ändern und löschen',
  'people.password': 'das SIP-Passwort einer Person neu setzen',
  'people.secrets': 'das SIP-Passwort einer Person sehen',
  'phones.read': 'Telefone sehen, ihre Leitungen und Tasten',
  'phones.write': 'Telefone, Leitungen und Tasten anlegen, ändern, ersetzen und entfernen',
  'phones.state': 'Telefone sperren und zulassen',
  'phones.password': 'das SIP-Passwort einer Leitung neu setzen',
  'phones.secrets': 'Admin-Passwort und Token eines Telefons sehen',
  'files.read': 'die Dateien eines Telefons sehen, Geheimnisse verdeckt',
  'settings.read': 'Einstellungen sehen und woher Werte kommen',
  'settings.write': 'Einstellungen des Standorts, seiner Gruppen, Personen und Telefone ändern',
  'settings.global': 'Einstellungen aller Standorte, von Herstellern und Modellen ändern',
  'registrations.read': 'sehen, wer registriert ist',
  'events.read': 'sehen, was Telefone gefragt und bekommen haben',
  'strangers.read': 'Anfragen unbekannter Telefone sehen',
  'bans.read': 'gesperrte Adressen sehen',
  'bans.write': 'eine Sperre aufheben',
  'bulk.import': 'CSV-Dateien importieren und vieles zugleich ändern',
  'bulk.export': 'CSV-Dateien ohne Passwörter exportieren',
  'audit.read': 'sehen, wer was geändert hat',
  'accounts.read': 'Administratoren, Rollen und Token sehen',
  'accounts.write': 'Administratoren, Rollen und Token anlegen, ändern und löschen',
  'webhooks.read': 'sehen, wer durch Webhooks Änderungen erfährt',
  'webhooks.write': 'Webhooks anlegen, ändern und entfernen',
  'sites.read': 'alle Standorte sehen',
  'sites.write': 'Standorte anlegen und ändern',
  'server.read': 'Messwerte und Zustand des Servers sehen',
}

/** Why a phone was given what it was, in German; the English texts stand in src/provisioning and src/registrar. */
export const REASONS_DE: Readonly<Record<string, string>> = {
  'this file is not served; the phone goes on': '',
  'phones may not store files here': '',
  'no phone with this MAC address': 'kein Telefon mit dieser MAC-Adresse',
  'outside the trusted networks and without the token of this phone':
    'von außerhalb der vertrauten Netze und ohne das Token dieses Telefons',
  'outside the networks allowed to its person': 'von außerhalb der Netze, die seiner Person erlaubt sind',
  'the phone was retired': 'das Telefon wurde entfernt',
  'the phone is blocked': 'das Telefon ist gesperrt',
  'the phone waits for approval': 'das Telefon wartet darauf, zugelassen zu werden',
  'no path a phone asks for': 'kein Pfad, nach dem ein Telefon fragt',
  'no phone of ours asks for this name': 'keines unserer Telefone fragt nach diesem Namen',
  'no such file': 'diese Datei gibt es nicht',
  'no such firmware file': 'diese Firmware-Datei gibt es nicht',
  'this phone is shown no phonebook': 'dieses Telefon bekommt kein Telefonbuch gezeigt',
  'phonebook asked without the token of a phone': 'nach dem Telefonbuch ohne das Token eines Telefons gefragt',
  'wrong password or unknown user': 'falsches Passwort oder unbekannter Benutzer',
  'not its own extension': 'nicht die eigene Nummer',
  'outside its allowed networks': 'von außerhalb der erlaubten Netze',
  'do not disturb: on': '„Bitte nicht stören“ an',
  'do not disturb: off': '„Bitte nicht stören“ aus',
}

/** What spoke against an address, in German; the English text stands in src/limits/offence.ts. */
export const OFFENCES_DE: Readonly<Record<OffenceKind, string>> = {
  'unknown-phone': 'fragte nach Dateien fremder oder unbekannter Telefone',
  'unknown-file': 'fragte nach Dateien, die es nicht gibt',
  upload: 'wollte Dateien ablegen',
  'hostile-path': 'wollte aus dem Ordner ausbrechen',
  malformed: 'schickte, was keine Anfrage ist',
  slow: 'hielt Verbindungen offen, ohne etwas zu fragen',
  'guessed-token': 'probierte Codes von Softphones, die nichts öffnen',
  'bad-method': 'benutzte Methoden, die kein Telefon benutzt',
  scanner: 'nannte sich selbst Scanner',
  'failing-users': 'falsche Passwörter für viele Benutzer',
  'wrong-password': 'falsche Passwörter für diesen Benutzer',
  'attacked-user': 'falsche Passwörter von vielen Adressen: weniger Versuche je Adresse, niemand ist gesperrt',
  'no-password': 'viele SIP-Anfragen ohne Passwort',
}
