import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIG_KEYS, readConfig, type Config } from '../src/config.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phoneboot-config-'))
})

afterEach(() => rm(folder, { recursive: true }))

const read = (env: Record<string, string> = {}): Config => readConfig(env, folder)

describe('settings of the server', () => {
  test('without any it is the promised ports, all interfaces and a data folder here', () => {
    expect(read()).toEqual({
      dataDir: join(folder, 'data'),
      firmwareDir: join(folder, 'firmware'),
      bind: 'all',
      httpPort: 8080,
      httpsPort: 8443,
      tftpPort: 69,
      tftpPortIsDefault: true,
      sipPort: 5060,
      sipsPort: 5061,
      webSocketOrigins: [],
      softphones: 'http-trusted',
      published: [],
      mailLanguage: 'en',
      welcomeMail: true,
      selfService: 'off',
      selfServiceSignIn: 'link',
      adminSignIn: 'together',
      sipNonceSeconds: 300,
      adminPort: 3000,
      adminPortIsDefault: true,
      maxRefusals: 100,
      banMinutes: 10,
      adminBind: ['127.0.0.1'],
      eventDays: 30,
      logLevel: 'info',
    })
  })

  test('a TFTP port set by hand is no default, even when it is 69', () => {
    expect(read({ PHONEBOOT_TFTP_PORT: '69' })).toMatchObject({ tftpPort: 69, tftpPortIsDefault: false })
  })

  test('an empty value is like none; what is not ours is not looked at', () => {
    expect(read({ PHONEBOOT_HTTP_PORT: '', PHONEBOOT_TEST_CLIENTS: '1', HTTP_PORT: '80' })).toEqual(read())
  })

  test.each([
    ['PHONEBOOT_HTTP_PORT', 'eighty'],
    ['PHONEBOOT_HTTPS_PORT', '-1'],
    ['PHONEBOOT_SIP_PORT', '70000'],
    ['PHONEBOOT_WEBSOCKET_ORIGINS', 'crm.example.com'],
    ['PHONEBOOT_WEBSOCKET_ORIGINS', 'https://crm.example.com/phone'],
    ['PHONEBOOT_TFTP_PORT', '69.5'],
    ['PHONEBOOT_TFTP_TRANSFER_PORTS', '40000'],
    ['PHONEBOOT_TFTP_TRANSFER_PORTS', '5000-4000'],
    ['PHONEBOOT_TFTP_TRANSFER_PORTS', '60000-70000'],
    ['PHONEBOOT_BIND', 'eth0'],
    ['PHONEBOOT_HOST', 'http://pbx/'],
    ['PHONEBOOT_HOST', 'pbx:8080'],
    ['PHONEBOOT_SIP_DOMAIN', 'a b'],
    ['PHONEBOOT_SIP_NONCE_SECONDS', '1'],
    ['PHONEBOOT_EVENT_DAYS', '0'],
    ['PHONEBOOT_LOG_LEVEL', 'loud'],
    ['PHONEBOOT_HTTP_PROT', '80'],
  ])('%s = %s is refused by name', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(name) }),
    )
  })

  test('an unknown setting is told which ones there are', () => {
    expect(() => read({ PHONEBOOT_HTTP_PROT: '80' })).toThrow(CONFIG_KEYS.join(', '))
  })

  test('a certificate without its key is refused', () => {
    expect(() => read({ PHONEBOOT_TLS_CERT: 'cert.pem' })).toThrow('PHONEBOOT_TLS_KEY')
  })
})

describe('phoneboot.yaml', () => {
  const yaml = (text: string): Promise<void> => writeFile(join(folder, 'phoneboot.yaml'), text)

  test('has the same names in lower case, short or long; the environment wins', async () => {
    await yaml('phoneboot_http_port: 8001\nsip_port: 5070\nbind: [127.0.0.1, "::1"]\ntrusted_proxies: 10.0.0.1\n')
    expect(read({ PHONEBOOT_SIP_PORT: '5080' })).toMatchObject({
      httpPort: 8001,
      sipPort: 5080,
      bind: ['127.0.0.1', '::1'],
      trustedProxies: '10.0.0.1',
    })
  })

  test('empty is fine', async () => {
    await yaml('# nothing yet\n')
    expect(read()).toMatchObject({ httpPort: 8080 })
  })

  test('a name left empty is like none', async () => {
    await yaml('host:\nhttp_port: 8001\n')
    expect(read()).toMatchObject({ httpPort: 8001 })
    expect(read().host).toBeUndefined()
  })

  test.each([
    ['a: [', 'phoneboot.yaml: '],
    ['- http_port', 'phoneboot.yaml: must be'],
    ['just text', 'phoneboot.yaml: must be'],
    ['http_prot: 80', 'PHONEBOOT_HTTP_PROT: unknown setting'],
    ['http_port: many', 'PHONEBOOT_HTTP_PORT: '],
    ['host: {name: pbx}', 'PHONEBOOT_HOST: '],
  ])('%s is refused', async (text, message) => {
    await yaml(text)
    expect(() => read()).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) }),
    )
  })
})
