/** What a page is for, in a sentence or two: told in place. By the name of its template. */
export const enHelp = {
  'help.open': 'Help',
  'help.phones':
    'Every phone that is known here. The dot tells how it is now and changes by itself. A click on the MAC address opens the phone; “/” goes to the search.',
  'help.phone':
    'What the phone asked for, what it was given, and whether it registered. If it is stuck, it says here what to do. “Resync” asks it by SIP to fetch its files now.',
  'help.phone-new': 'Scan the barcode on the box or type the MAC address. The model and the person come next.',
  'help.phone-new-details': 'The model decides which files the phone gets. The person may be added later.',
  'help.registration-drop': 'A registration is thrown out here after a question. Its phone or app may register again.',
  'help.phone-move': 'For a broken phone: the new one takes over its people, keys and label.',
  'help.phone-file': 'Each line of the file, and which setting it comes from. Passwords are masked.',
  'help.confirm': 'Nothing happens before you confirm.',
  'help.pending':
    'A phone that is plugged in and finds this server, but is not known yet, shows up here within a second. Compare the MAC address with the label on its back.',
  'help.assign':
    'Choose who gets the phone; type a number or a name. The model was recognised by what the phone says of itself: check it.',
  'help.people':
    'Everybody with a number. “Registered” means that at least one phone or app of the person is reachable.',
  'help.person':
    'The person with everything that belongs to them: phones, passwords, how their phones behave. Each card is saved on its own.',
  'help.person-new': 'A number and a name are enough. A strong SIP password is made by itself.',
  'help.person-number': 'Phones learn the new number when they next fetch their files.',
  'help.person-password': 'This password is for devices that are set up by hand. It is not shown in the audit log.',
  'help.person-remove': 'Look at what refers to the person before you delete.',
  'help.people-unnumbered': 'Give a number to those whom a file named without one.',
  'help.phonebook':
    'Phones look for a new phonebook by themselves, every two hours unless a setting says otherwise: nobody has to restart one.',
  'help.people-removed': 'Bring back somebody who was deleted by mistake.',
  'help.keys':
    'Click a key on the drawing, or move through the list with the arrow keys. Nothing is changed on phones before you save.',
  'help.groups':
    'A group gives its people and phones the same settings and keys, for example a department. A phone may be in one group, a person in several.',
  'help.group': 'Put phones into the group by MAC address. Its settings and keys reach them at their next fetch.',
  'help.softphones':
    'Apps on computers and mobiles. Choose the app, show the code, let the person scan it; the line below turns to “Registered” by itself.',
  'help.softphone-code': 'Let the person scan this now: it is shown only this once.',
  'help.softphone-sheet-new': 'One code for each person, to print and cut.',
  'help.softphone-sheet': 'Print it now; the codes are not shown again.',
  'help.mail-new': 'A mail as the person will see it, before it is sent: kind and language are chosen here.',
  'help.mails': 'Mails with codes and links, and notices of what happened; and what became of them.',
  'help.settings': 'Begin with “This site”. What is set for a maker, model, group, person or phone wins over it.',
  'help.setting-layer':
    'Values that hold here, and where they come from. Choose one to change it; nothing is saved before you have seen what changes.',
  'help.setting': 'First see which phones change, then save: for their next fetch, at once, or at a time.',
  'help.changes':
    '“Resync” asks a phone by SIP to fetch its files. A phone that is not registered gets them when it is switched on.',
  'help.planned': 'Changes that are saved by themselves at their time.',
  'help.imports':
    'Take people and phones over from a spreadsheet. You see what each row would do before anything is changed, and can undo it later.',
  'help.import': 'Check the columns and the rows, then import.',
  'help.import-undo': 'Everything is put back as it was before this import, or nothing.',
  'help.move-in':
    'Take people and phones over from another provisioning server: give its files, look at what was found, then take it.',
  'help.move-in-found': 'Look at what was found in the files. Nothing is taken before you confirm.',
  'help.import-mails': 'Welcome mails to those that the import added.',
  'help.accounts': 'Those who may sign in to these pages.',
  'help.account': 'What this account may do, and its access.',
  'help.account-new': 'The new admin sets a password by a link that works once.',
  'help.account-link': 'Hand this link over yourself: whoever has it has the account.',
  'help.roles': 'A role is a list of rights. Make your own where the ready ones do not fit.',
  'help.role': 'Tick what somebody with this role may do.',
  'help.audit': 'Who changed what, and when. Passwords never stand here.',
  'help.bans':
    'Addresses that guessed passwords or scanned. A ban ends by itself; lift it when it was one of your phones.',
  'help.sites': 'Sites keep their people, phones and settings apart.',
  'help.webhooks': 'Other programs are told what changes here.',
  'help.webhook': 'What this program was told, and what it answered.',
  'help.webhook-secret': 'Copy the secret into the other program now.',
  'help.sign-in':
    'Whoever gave you access told you name and password. Forgotten? Somebody who looks after the accounts makes you a link for a new one.',
  'help.sign-in-domain':
    'Several sites are looked after here, and each knows its own accounts. Type the domain that you were given with yours; leave it empty if you were given none.',
  'help.set-up':
    'The first account may do everything. The server shows the link for it when it starts, or keeps it in admin-setup-link.txt in its data folder. It works once.',
  'help.password': 'The link works once. Was it used already, somebody who looks after the accounts makes another.',
  'help.own-account': 'Your own password, authenticator app and API tokens.',
} as const
