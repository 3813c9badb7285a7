import { describe, expect, test } from '@jest/globals'
import { READERS, type Entry, type ReaderName } from '../../src/readers/index.js'
import { parseHostPort } from '../../src/readers/account.js'
import { accountsOf, keysOf } from '../../src/readers/phone-account.js'

const read = (reader: ReaderName, text: string): readonly Entry[] => {
  const result = READERS[reader](new TextEncoder().encode(text))
  if (!result.ok) throw new Error(`${result.line}: ${result.reason}`)
  return result.entries
}
const yealink = (...lines: string[]) => read('yealink-cfg', ['#!version:1.0.0.1', ...lines].join('\n'))
const snom = (text: string) => read('snom-xml', `<settings>${text}</settings>`)
const version1 = (text: string) =>
  read('grandstream-xml', `<gs_provision version="1"><config version="1">${text}</config></gs_provision>`)
const version2 = (items: Record<string, string>) => {
  const lines = Object.entries(items).map(([name, value]) => `<item name="${name}">${value}</item>`)
  return read(
    'grandstream-xml',
    `<gs_provision version="1"><config version="2">${lines.join('')}</config></gs_provision>`,
  )
}
const open = <A extends { password: { reveal(): string } }>(accounts: A[]) =>
  accounts.map((account) => ({ ...account, password: account.password.reveal() }))

describe('accounts of a Yealink file', () => {
  test('by the names of V71 and later', () => {
    const entries = yealink(
      'account.1.enable = 1',
      'account.1.label = Front',
      'account.1.display_name = Анна',
      'account.1.user_name = 101',
      'account.1.auth_name = dev-7-1',
      'account.1.password = s3cret',
      'account.1.sip_server.1.address = 127.0.0.1',
      'account.1.sip_server.1.port = 5070',
      'account.1.sip_server.1.transport_type = 1',
      'account.1.sip_server.1.expires = 600',
      'account.1.outbound_proxy_enable = 1',
      'account.1.outbound_proxy.1.address = 127.0.0.9',
      'account.1.outbound_proxy.1.port = 5080',
      'account.2.enable = 0',
    )
    const [first, second] = open(accountsOf('yealink', entries, { generation: 84 }))
    expect(first).toEqual({
      index: 1,
      active: true,
      user: '101',
      authUser: 'dev-7-1',
      password: 's3cret',
      server: '127.0.0.1',
      port: 5070,
      transport: 'tcp',
      displayName: 'Анна',
      label: 'Front',
      expiresSeconds: 600,
      outboundProxy: { host: '127.0.0.9', port: 5080 },
    })
    expect(second).toMatchObject({ index: 2, active: false })
  })

  test('by the old names, with their defaults', () => {
    const entries = yealink(
      'account.1.enable = 1',
      'account.1.user_name = 101',
      'account.1.sip_server_host = pbx.example',
      'account.1.expires = 120',
      'account.1.outbound_proxy.1.address = unused.example',
    )
    const [account] = accountsOf('yealink', entries)
    expect(account).toMatchObject({ authUser: '101', server: 'pbx.example', port: 5060, transport: 'udp' })
    expect(account).toMatchObject({ expiresSeconds: 120 })
    expect(account).not.toHaveProperty('outboundProxy')
  })

  test('read the transport from the name that the generation knows, else from the newer one', () => {
    const entries = yealink('account.1.transport = 1', 'account.1.sip_server.1.transport_type = 2')
    const transport = (generation?: number) =>
      accountsOf('yealink', entries, generation === undefined ? {} : { generation })[0]?.transport
    expect([transport(72), transport(73), transport(80), transport(84), transport()]).toEqual([
      'tcp',
      'tcp',
      'tls',
      'tls',
      'tls',
    ])
    const old = yealink('account.1.transport = 1')
    expect(accountsOf('yealink', old, { generation: 84 })[0]?.transport).toBe('udp')
    expect(accountsOf('yealink', yealink('account.1.transport = 3'))[0]?.transport).toBe('dns')
  })

  test('take %NULL% as the factory default, and the last mention of several files', () => {
    const common = yealink('account.1.sip_server.1.port = 5070', 'account.1.enable = 0')
    const own = yealink('account.1.sip_server.1.port = %NULL%', 'account.1.enable = 1')
    expect(accountsOf('yealink', [...common, ...own])).toMatchObject([{ port: 5060, active: true }])
  })

  test('do not show their password when printed', () => {
    const accounts = accountsOf('yealink', yealink('account.1.password = s3cret'))
    expect(JSON.stringify(accounts)).not.toContain('s3cret')
  })
})

test('keys of a Yealink file are those whose type is not 0, once each', () => {
  const entries = yealink(
    'linekey.1.type = 15',
    'linekey.1.line = 1',
    'linekey.2.type = 16',
    'linekey.2.line = 2',
    'linekey.2.value = 102',
    'linekey.2.label = Bob',
    'linekey.2.pickup_value = **102',
    'linekey.3.type = 0',
    'linekey.4.type = %NULL%',
    'memorykey.10.type = 13',
    'memorykey.10.line = 0',
    'memorykey.10.value = 103',
    'programablekey.13.type = 5',
    'expansion_module.1.key.39.type = 16',
    'expansion_module.1.key.39.extension = **',
    'expansion_module.1.key.39.pickup_value = *8',
  )
  const expected = [
    { bank: 'linekey', position: 1, code: '15', value: '', label: '', account: 1 },
    { bank: 'linekey', position: 2, code: '16', value: '102', label: 'Bob', account: 2, pickup: '**102' },
    { bank: 'memorykey', position: 10, code: '13', value: '103', label: '' },
    { bank: 'programablekey', position: 13, code: '5', value: '', label: '' },
    { bank: 'expansion_module.1', position: 39, code: '16', value: '', label: '', pickup: '**' },
  ]
  expect(keysOf('yealink', entries)).toEqual(expected)
  expect(keysOf('yealink', [...entries, ...entries])).toEqual(expected)
})

describe('accounts of a Snom file', () => {
  test('with registrar, proxy and transport', () => {
    const entries = snom(`<phone-settings>
      <user_active idx="1" perm="R">on</user_active>
      <user_realname idx="1">Bob &amp; Co</user_realname>
      <user_idle_text idx="1">Reception</user_idle_text>
      <user_name idx="1">101</user_name>
      <user_pname idx="1">dev-7-1</user_pname>
      <user_pass idx="1">a&lt;b</user_pass>
      <user_host idx="1">pbx.example:5070</user_host>
      <user_outbound idx="1">127.0.0.9:5080;transport=tcp,127.0.0.8</user_outbound>
      <user_expiry idx="1">600</user_expiry>
      <user_active idx="2">off</user_active><user_name idx="2"/><user_host idx="2"/>
    </phone-settings>`)
    const [first, second] = open(accountsOf('snom', entries))
    expect(first).toEqual({
      index: 1,
      active: true,
      user: '101',
      authUser: 'dev-7-1',
      password: 'a<b',
      server: 'pbx.example',
      port: 5070,
      transport: 'tcp',
      displayName: 'Bob & Co',
      label: 'Reception',
      expiresSeconds: 600,
      outboundProxy: { host: '127.0.0.9', port: 5080 },
    })
    expect(second).toMatchObject({ index: 2, active: false, user: '' })
  })

  test('without proxy ask DNS for the transport, and register without user_active', () => {
    const entries = snom(
      '<phone-settings><user_name idx="1">101</user_name><user_host idx="1">h</user_host></phone-settings>',
    )
    expect(accountsOf('snom', entries)).toMatchObject([
      { active: true, authUser: '101', server: 'h', port: 5060, transport: 'dns', expiresSeconds: 3600 },
    ])
  })

  test('over TLS go to 5061', () => {
    const entries = snom(
      '<phone-settings><user_name idx="1">1</user_name><user_outbound idx="1">sip:h;transport=TLS</user_outbound></phone-settings>',
    )
    expect(accountsOf('snom', entries)).toMatchObject([{ transport: 'tls', outboundProxy: { host: 'h', port: 5061 } }])
  })
})

test('keys of a Snom file are its fkeys and soft keys that do something', () => {
  const entries = snom(`<phone-settings><gui_fkey1>keyevent F_DND</gui_fkey1><gui_fkey2>keyevent F_NONE</gui_fkey2>
    </phone-settings><functionKeys>
    <fkey idx="0" context="1" label="" perm="RW">line</fkey>
    <fkey idx="1" context="2" label="Bob" perm="RW">blf sip:102@192.0.2.5;user=phone|**</fkey>
    <fkey idx="2" context="active">speed *97|</fkey>
    <fkey idx="3">none</fkey><fkey idx="4"></fkey></functionKeys>`)
  expect(keysOf('snom', entries)).toEqual([
    { bank: 'gui_fkey', position: 1, code: 'keyevent', value: 'F_DND', label: '' },
    { bank: 'fkey', position: 0, code: 'line', value: '', label: '', account: 1 },
    {
      bank: 'fkey',
      position: 1,
      code: 'blf',
      value: 'sip:102@192.0.2.5;user=phone',
      label: 'Bob',
      account: 2,
      pickup: '**',
    },
    { bank: 'fkey', position: 2, code: 'speed', value: '*97|', label: '' },
  ])
})

describe('accounts of a Grandstream file', () => {
  test('1 has numbers of its own; its expiry is in minutes', () => {
    const entries = version1(
      '<P271>1</P271><P270>Front</P270><P47>127.0.0.1:5070</P47><P48>127.0.0.9</P48><P35>101</P35><P36>dev-7-1</P36>' +
        '<P34>s3cret</P34><P3>Bob</P3><P31>1</P31><P32>10</P32><P130>1</P130>',
    )
    expect(open(accountsOf('grandstream', entries))).toEqual([
      {
        index: 1,
        active: true,
        user: '101',
        authUser: 'dev-7-1',
        password: 's3cret',
        server: '127.0.0.1',
        port: 5070,
        transport: 'tcp',
        displayName: 'Bob',
        label: 'Front',
        expiresSeconds: 600,
        outboundProxy: { host: '127.0.0.9', port: 5060 },
      },
    ])
  })

  test.each([
    [2, ['P401', 'P402', 'P404', 'P405', 'P406', 'P407', 'P417', 'P448', 'P412']],
    [3, ['P501', 'P502', 'P504', 'P505', 'P506', 'P507', 'P517', 'P548', 'P512']],
    [4, ['P601', 'P602', 'P604', 'P605', 'P606', 'P607', 'P617', 'P648', 'P612']],
    [5, ['P1701', 'P1702', 'P1704', 'P1705', 'P1706', 'P1707', 'P1717', 'P1748', 'P1712']],
    [6, ['P1801', 'P1802', 'P1804', 'P1805', 'P1806', 'P1807', 'P1817', 'P1848', 'P1812']],
  ])('%d is counted from its base', (index, names) => {
    const values = ['1', 'host', '102', 'auth', 'pass', 'Name', 'Label', '2', '5']
    const entries = version1(names.map((name, i) => `<${name}>${values[i]}</${name}>`).join(''))
    expect(open(accountsOf('grandstream', entries))).toEqual([
      {
        index,
        active: true,
        user: '102',
        authUser: 'auth',
        password: 'pass',
        server: 'host',
        port: 5061,
        transport: 'tls',
        displayName: 'Name',
        label: 'Label',
        expiresSeconds: 300,
      },
    ])
  })

  test('is not active when switched off or not to register', () => {
    const entries = version1('<P271>0</P271><P401>1</P401><P410>0</P410><P501></P501><P602>host</P602>')
    expect(accountsOf('grandstream', entries)).toMatchObject([
      { index: 1, active: false, expiresSeconds: 3600 },
      { index: 2, active: false },
      { index: 3, active: false },
      { index: 4, active: false, server: 'host' },
    ])
  })

  test('of version 2 go by name, up to account 16', () => {
    const entries = version2({
      'account.16.enable': 'Yes',
      'account.16.name': 'Label',
      'account.16.sip.server.1.address': 'host:5099',
      'account.16.sip.userid': '116',
      'account.16.sip.subscriber.userid': 'auth',
      'account.16.sip.subscriber.password': 'pass',
      'account.16.sip.subscriber.name': 'Name',
      'account.16.sip.transport': 'TCP',
      'account.16.sip.registerExpiration': '2',
    })
    expect(open(accountsOf('grandstream', entries))).toEqual([
      {
        index: 16,
        active: true,
        user: '116',
        authUser: 'auth',
        password: 'pass',
        server: 'host',
        port: 5099,
        transport: 'tcp',
        displayName: 'Name',
        label: 'Label',
        expiresSeconds: 120,
      },
    ])
    expect(accountsOf('grandstream', version2({ 'account.1.enable': 'No' }))).toMatchObject([{ active: false }])
  })
})

describe('keys of a Grandstream file', () => {
  test('by P number, incl. the irregular key 8 of the multi-purpose keys', () => {
    const numbers: [string, number, number[]][] = [
      ['vpk', 1, [1363, 1364, 1465, 1466]],
      ['vpk', 6, [1373, 1374, 1475, 1476]],
      ['vpk', 7, [23800, 23801, 23802, 23803]],
      ['vpk', 8, [23804, 23805, 23806, 23807]],
      ['mpk', 1, [323, 301, 302, 303]],
      ['mpk', 7, [329, 319, 320, 321]],
      ['mpk', 8, [353, 354, 355, 356]],
      ['mpk', 18, [393, 394, 395, 396]],
      ['mpk', 19, [1440, 1441, 1442, 1443]],
      ['mpk', 24, [1460, 1461, 1462, 1463]],
      ['ext', 1, [23000, 23001, 23002, 23003]],
      ['ext', 2, [23005, 23006, 23007, 23008]],
    ]
    for (const [bank, position, [mode, account, label, value]] of numbers) {
      const entries = version1(
        `<P${mode}>11</P${mode}><P${account}>1</P${account}><P${label}>L</P${label}><P${value}>102</P${value}>`,
      )
      expect(keysOf('grandstream', entries)).toEqual([
        { bank, position, code: '11', value: '102', label: 'L', account: 2 },
      ])
    }
  })

  test('leaves out cleared keys', () => {
    const entries = version1('<P1363>-1</P1363><P323>0</P323><P301>0</P301><P303></P303><P324></P324>')
    expect(keysOf('grandstream', entries)).toEqual([])
    expect(keysOf('grandstream', version1('<P323>0</P323><P303>102</P303>'))).toHaveLength(1)
    expect(keysOf('grandstream', version1('<P1363>0</P1363>'))).toMatchObject([{ bank: 'vpk', code: '0' }])
  })

  test('of version 2 go by name', () => {
    const entries = version2({
      'pks.vpk.1.keyMode': 'Line',
      'pks.vpk.1.account': 'Account2',
      'pks.vpk.2.keyMode': 'None',
      'pks.mpk.16.keyMode': 'BLF',
      'pks.mpk.16.account': '0',
      'pks.mpk.16.description': 'Bob',
      'pks.mpk.16.value': '102',
      'pks.mpk.17.keyMode': 'SpeedDial',
    })
    expect(keysOf('grandstream', entries)).toEqual([
      { bank: 'vpk', position: 1, code: 'Line', value: '', label: '', account: 2 },
      { bank: 'mpk', position: 16, code: 'BLF', value: '102', label: 'Bob', account: 1 },
    ])
  })
})

test('a host may have a port, brackets, a scheme and parameters', () => {
  expect(parseHostPort('pbx.example')).toEqual({ host: 'pbx.example' })
  expect(parseHostPort('192.0.2.5:5070')).toEqual({ host: '192.0.2.5', port: 5070 })
  expect(parseHostPort('[2001:db8::5]:5070')).toEqual({ host: '2001:db8::5', port: 5070 })
  expect(parseHostPort('[2001:db8::5]')).toEqual({ host: '2001:db8::5' })
  expect(parseHostPort('sip:h:1;transport=udp')).toEqual({ host: 'h', port: 1 })
  expect(parseHostPort('')).toEqual({ host: '' })
})
