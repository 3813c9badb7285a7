import type { Id, Layer } from '../domain/entities.js'

/** Contexts that sealed columns are bound to: `table:column:rowId`. */
export const SEAL_CONTEXTS = {
  extensionPassword: (extensionId: Id) => `extensions:sealed_password:${extensionId}`,
  linePassword: (lineId: Id) => `lines:sealed_password:${lineId}`,
  softphonePassword: (softphoneId: Id) => `softphones:sealed_password:${softphoneId}`,
  deviceToken: (deviceId: Id) => `devices:sealed_token:${deviceId}`,
  deviceAdminPassword: (deviceId: Id) => `devices:sealed_admin_password:${deviceId}`,
  adminTotp: (userId: Id) => `admin_users:sealed_totp:${userId}`,
  idempotentAnswer: (userId: Id, key: string) => `idempotency_keys:sealed_answer:${userId}:${key}`,
  /** A value of a setting that is planned for later. */
  scheduledValue: (id: Id) => `scheduled_changes:value:${id}`,
  /** A file as a phone was given it. */
  keptFile: (sha256: string) => `kept_files:sealed:${sha256}`,
  webhookSecret: (webhookId: Id) => `webhooks:sealed_secret:${webhookId}`,
  settingValue: (layer: Layer, owner: string, key: string) => `setting_values:value:${layer}:${owner}:${key}`,
} as const
