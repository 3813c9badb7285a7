import type { ErrorCode } from '../domain/errors.js'

/** What somebody at the command line can do about a refusal that brings no hint of its own. */
export const WHAT_TO_DO: Readonly<Partial<Record<ErrorCode, string>>> = {
  EMAIL_INVALID: 'name@example.com is one',
  EXTENSION_EXISTS: 'Take another number, or change who has it: extension update',
  EXTENSION_NOT_FOUND: 'See who is there: extension list, extension unnumbered',
  EMAIL_IN_USE: 'See whose it is: extension list',
  DEVICE_EXISTS: 'See it: device show',
  DEVICE_NOT_FOUND: 'See which are there: device list; which asked and are not: strangers',
  GROUP_EXISTS: 'Take another name',
  GROUP_NOT_FOUND: 'See which are there: group list',
  SOFTPHONE_NOT_FOUND: 'See which a person has: softphone list',
  MAIL_NOT_FOUND: 'See which there are: mail list',
  WEBHOOK_NOT_FOUND: 'See which there are: webhook list',
  DELIVERY_NOT_FOUND: 'See which there are: webhook deliveries',
  SCHEDULE_NOT_FOUND: 'See which there are: settings planned',
  BINDING_NOT_FOUND: 'See which there are: registrations',
  PROFILE_NOT_FOUND: 'See which there are: template',
  IMPORT_NOT_FOUND: 'See which there are: import list',
  FILE_NOT_FOUND: 'Check how its name is written',
  ADMIN_EXISTS: 'Take another name, or see who is there: admin list',
  ADMIN_NOT_FOUND: 'See who is there: admin list',
  ROLE_NOT_FOUND: 'There are always owner, admin, operator, helpdesk, viewer and user',
  SERVER_UNREACHABLE: 'See whether the server runs, and on which ports: doctor',
}
