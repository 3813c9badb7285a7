import type { Catalog } from '../catalog/catalog.js'
import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import type { Outcome, ProvisioningEvent } from '../domain/entities.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { parseMac, type Mac } from '../domain/mac-address.js'
import type { Networks } from '../network/trust.js'
import { phoneNetworks } from '../snapshot/allowed-networks.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'
import { authoriseDevice, authorisePublic, type Decision } from './authorise.js'
import type { ConfigFiles, ConfigResult } from './config-files.js'
import type { Delivery, Provisioning, ProvisioningRequest } from './delivery.js'
import { eventOf, type Decided } from './event.js'
import type { PhonebookFiles } from './phonebook-files.js'
import type { ServerAddress } from './file-view.js'
import { NamedPhones, type NamedPhone } from './named-phones.js'
import { RequestNames, type NamedRequest } from './request-names.js'
import { deviceLayers } from './layers.js'
import { mayReport } from './reports.js'
import { mayHoldToken } from './request-path.js'

/** A file of the firmware folder, as its index knows it. */
export interface FirmwareLookup {
  find(
    path: string,
  ): { path: string; sizeBytes: number; contentType: string; etag: string; lastModified: number } | undefined
}

export interface PipelineParts {
  snapshot: Snapshot
  catalog: Catalog
  configs: ConfigFiles
  phonebooks: PhonebookFiles
  firmware: FirmwareLookup
  isTrusted(address: string): boolean
  /** What the phone behind this request is told about where the server is. */
  serverAddress(request: ProvisioningRequest): ServerAddress
  /** The CA certificate in PEM, for phones that shall trust our https. */
  caCertificate(): { pem: string; modifiedMs: number } | undefined
  record(event: ProvisioningEvent): void
  /** A phone said whether it is to be disturbed. */
  reported(device: DeviceRecord, doNotDisturb: boolean): void
}

/** A delivery and what the event says about it. */
interface Answer extends Decided {
  delivery: Delivery
}

const ABSENT: Delivery = { kind: 'absent' }
/** Phones show what they are answered, if it is anything. */
const HEARD: Delivery = {
  kind: 'bytes',
  body: new Uint8Array(),
  contentType: 'text/plain',
  etag: '"heard"',
  lastModified: 0,
}
const UPLOAD_REFUSED: Answer = {
  delivery: { kind: 'upload-refused' },
  outcome: 'refused-upload',
  reason: 'phones may not store files here',
}

/**
 * request → identify → authorise → resolve and render → deliver → log, the same for HTTP, HTTPS and TFTP.
 * Answers come from memory; every refusal a stranger could learn from is the same `absent`.
 */
export function createProvisioning(parts: PipelineParts): Provisioning {
  const names = new RequestNames(parts.catalog)
  const phones = new NamedPhones(parts.catalog, parts.snapshot)
  return {
    deliver: (request) => {
      const { operation, path, transport } = request
      if (operation === 'write') return finishing(parts, request, UPLOAD_REFUSED)
      const trusted = request.peerAddressProven && parts.isTrusted(request.peerAddress)
      if (!trusted && !mayHoldToken(path)) return strangersAnswer(parts, names, phones, request)
      const named = names.read(path, transport !== 'tftp')
      return finishing(parts, request, answerTo(parts, phones, request, named, trusted))
    },
  }
}

type Delivering = ReturnType<Provisioning['deliver']>

function finishing(parts: PipelineParts, request: ProvisioningRequest, answer: Answer): Delivering {
  return {
    delivery: answer.delivery,
    finish: (delivered) => parts.record(eventOf(request, answer, delivered)),
  }
}

/**
 * Neither a trusted network nor a token: nothing is looked up before the answer is out, and nothing is remembered, so that
 * its time tells nobody which phones there are, or were there lately. What the admin reads about it is found out behind.
 */
function strangersAnswer(
  parts: PipelineParts,
  names: RequestNames,
  phones: NamedPhones,
  request: ProvisioningRequest,
): Delivering {
  return {
    delivery: ABSENT,
    finish: (delivered) => {
      const named = names.readAnew(request.path, request.transport !== 'tftp')
      parts.record(eventOf(request, answerTo(parts, phones, request, named, false), delivered))
    },
  }
}

function answerTo(
  parts: PipelineParts,
  phones: NamedPhones,
  request: ProvisioningRequest,
  named: NamedRequest | undefined,
  trusted: boolean,
): Answer {
  if (!named) return absent('unknown-file', 'no path a phone asks for')
  const { claim, tokenHash } = named
  const tokenDevice = tokenHash === undefined ? undefined : parts.snapshot.deviceByTokenHash(tokenHash)
  switch (claim.kind) {
    case 'nothing':
      return { ...absent('unknown-file', 'no phone of ours asks for this name'), ...macInName(named.name) }
    case 'firmware':
      return authorisePublic(tokenDevice, trusted)
        ? firmwareAnswer(parts, claim.path, tokenDevice)
        : absent('untrusted', 'firmware asked from outside the trusted networks without a token')
    case 'ca':
      return authorisePublic(tokenDevice, trusted)
        ? caAnswer(parts)
        : absent('untrusted', 'certificate asked from outside the trusted networks without a token')
    case 'phonebook':
      return phonebookAnswer(parts, request, tokenDevice, trusted)
    case 'report':
      return reportAnswer(parts, request, claim.doNotDisturb, tokenDevice, trusted)
    case 'file':
      return claim.mac === undefined
        ? commonAnswer(parts, request, claim.matches, tokenDevice, trusted)
        : deviceAnswer(parts, request, phones.of(named, claim, claim.mac), claim.mac, tokenDevice, trusted)
  }
}

function absent(outcome: Outcome, reason: string): Answer {
  return { delivery: ABSENT, outcome, reason }
}

function macInName(name: string): { mac?: Mac } {
  const mac = parseMac(/[0-9a-f]{12}/i.exec(name)?.[0] ?? '')
  return mac === undefined ? {} : { mac }
}

type Matches = readonly { model: PhoneModel; file: PhoneFile }[]

/** A file without a MAC in its name: common to a model or a vendor, never with secrets. */
function commonAnswer(
  parts: PipelineParts,
  request: ProvisioningRequest,
  matches: Matches,
  tokenDevice: DeviceRecord | undefined,
  trusted: boolean,
): Answer {
  const known = tokenDevice === undefined ? {} : { device: tokenDevice, mac: tokenDevice.mac }
  if (!authorisePublic(tokenDevice, trusted)) {
    return { ...absent('untrusted', 'common file asked from outside the trusted networks without a token'), ...known }
  }
  // Several models may share a name (cfg.xml); a phone known by its token gets its own model's.
  const match = matches.find(({ model }) => model.model === tokenDevice?.model) ?? matches[0]
  if (!match) return absent('unknown-file', 'no such file')
  if (match.file.expectedMiss)
    return { ...absent('expected-miss', 'this file is not served; the phone goes on'), ...known }
  const result = parts.configs.common(match.model, match.file, parts.serverAddress(request))
  return { ...configAnswer(result), ...known }
}

function deviceAnswer(
  parts: PipelineParts,
  request: ProvisioningRequest,
  { device, networks, fitting }: NamedPhone,
  mac: Mac,
  tokenDevice: DeviceRecord | undefined,
  trusted: boolean,
): Answer {
  const refused = (outcome: Outcome, reason: string): Answer => ({
    ...absent(outcome, reason),
    ...{ mac, ...(device ? { device } : {}) },
  })
  const decision = decisionOn(request, device, tokenDevice, networks, trusted)
  if (!decision.allow) return refused(decision.outcome, decision.reason)
  if (!fitting)
    return refused('unknown-file', `not a file of ${decision.device.model}, the model assigned to this phone`)
  const { model, file, askedAs } = fitting
  if (file.expectedMiss) return refused('expected-miss', 'this file is not served; the phone goes on')
  const result = parts.configs.device(model, file, decision.device, parts.serverAddress(request), decision.cleared)
  const answer = configAnswer(result)
  answer.mac = mac
  answer.device = decision.device
  if (answer.outcome === 'served' && decision.cleared) return { ...answer, outcome: 'cleared' }
  if (askedAs.model !== model.model) {
    return { ...answer, reason: `asked as ${askedAs.model}, but ${model.model} is assigned` }
  }
  return answer
}

/** The people of the phone's site: for a phone known by its token, by the same rules as its own files. */
function phonebookAnswer(
  parts: PipelineParts,
  request: ProvisioningRequest,
  tokenDevice: DeviceRecord | undefined,
  trusted: boolean,
): Answer {
  if (!tokenDevice) {
    return absent(trusted ? 'unknown-file' : 'untrusted', 'phonebook asked without the token of a phone')
  }
  const known = { mac: tokenDevice.mac, device: tokenDevice }
  const decision = ownDecision(parts, request, tokenDevice, trusted)
  if (!decision.allow) return { ...absent(decision.outcome, decision.reason), ...known }
  const result = decision.cleared ? undefined : parts.phonebooks.of(decision.device)
  if (!result) return { ...absent('expected-miss', 'this phone is shown no phonebook'), ...known }
  return { ...configAnswer(result), ...known }
}

/** A phone says what was switched on it, by the same rules as it gets its files; whoever else asks learns nothing. */
function reportAnswer(
  parts: PipelineParts,
  request: ProvisioningRequest,
  doNotDisturb: boolean,
  tokenDevice: DeviceRecord | undefined,
  trusted: boolean,
): Answer {
  if (!tokenDevice || request.transport === 'tftp') {
    return absent(trusted ? 'unknown-file' : 'untrusted', 'a report without the token of a phone')
  }
  const known = { mac: tokenDevice.mac, device: tokenDevice }
  const decision = ownDecision(parts, request, tokenDevice, trusted)
  if (!decision.allow) return { ...absent(decision.outcome, decision.reason), ...known }
  const model = parts.catalog.model(tokenDevice.model)
  if (decision.cleared || !model || !mayReport(deviceLayers(parts.snapshot, model, tokenDevice))) {
    return { ...absent('expected-miss', 'this phone is not to report anything'), ...known }
  }
  parts.reported(tokenDevice, doNotDisturb)
  return { delivery: HEARD, outcome: 'served', ...known, reason: `do not disturb: ${doNotDisturb ? 'on' : 'off'}` }
}

/** May the phone with this token have what is its own? */
function ownDecision(
  parts: PipelineParts,
  request: ProvisioningRequest,
  device: DeviceRecord,
  trusted: boolean,
): Decision {
  return decisionOn(request, device, device, phoneNetworks(parts.snapshot, device), trusted)
}

/** May it have what is its own, by all that is known of the request? */
function decisionOn(
  { peerAddress, receivedAt }: ProvisioningRequest,
  device: DeviceRecord | undefined,
  tokenDevice: DeviceRecord | undefined,
  networks: Networks | undefined,
  trusted: boolean,
): Decision {
  const mayComeFromThere = (): boolean => networks?.contains(peerAddress) ?? true
  return authoriseDevice({ device, tokenDevice, trusted, mayComeFromThere, now: receivedAt })
}

function configAnswer(result: ConfigResult): Answer {
  if (result.kind === 'failed') {
    return { delivery: { kind: 'unavailable' }, outcome: 'failed', reason: result.reason }
  }
  const answer: Answer = { delivery: result.config, outcome: 'served', sha256: result.config.sha256 }
  return result.kind === 'last-good' ? { ...answer, outcome: 'last-good', reason: result.reason } : answer
}

function firmwareAnswer(parts: PipelineParts, path: string, tokenDevice: DeviceRecord | undefined): Answer {
  const known = tokenDevice === undefined ? {} : { device: tokenDevice, mac: tokenDevice.mac }
  const file = parts.firmware.find(path)
  if (!file) return { ...absent('unknown-file', 'no such firmware file'), ...known }
  return { delivery: { kind: 'file', ...file }, outcome: 'served', ...known }
}

function caAnswer(parts: PipelineParts): Answer {
  const certificate = parts.caCertificate()
  if (!certificate) return absent('unknown-file', 'this server has no CA of its own')
  const body = Buffer.from(certificate.pem, 'utf8')
  const sha256 = sha256Hex(body)
  const etag = `"${sha256.slice(0, 32)}"`
  const contentType = 'application/x-x509-ca-cert'
  return {
    delivery: { kind: 'bytes', body, contentType, etag, lastModified: certificate.modifiedMs },
    outcome: 'served',
    sha256,
  }
}
