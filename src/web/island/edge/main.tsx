import { effect } from '@preact/signals'
import { render } from 'preact'
import { useEffect } from 'preact/hooks'
import { whyNoPlace } from '../../../catalog/key-bank.js'
import { moduleRules, moduleType } from '../../../catalog/key-modules.js'
import type { LineKey } from '../../../domain/entities.js'
import type { Start } from '../start.js'
import { KeyForm } from './key-form.js'
import { KeyList } from './key-list.js'
import { PhoneDrawing } from './phone-drawing.js'
import { loadSheet, save } from './requests.js'
import { createSurroundings, type Surroundings } from './surroundings.js'

/** The editor of keys: takes the place of the table that the page shows without a script. */
function App({ around }: { around: Surroundings }): preact.JSX.Element {
  const { editor, changed, t } = around
  useEffect(
    () =>
      effect(() => {
        window.onbeforeunload = changed.value ? (event) => event.preventDefault() : null
      }),
    [],
  )
  const { said } = editor.value
  return (
    <div onKeyDown={(event) => undoByKeyboard(around, event)}>
      <Bar around={around} />
      <Notices around={around} />
      <div class="columns">
        <PhoneDrawing around={around} />
        <div>
          <KeyForm around={around} />
          <KeyList around={around} />
        </div>
      </div>
      <div class="visually-hidden" role="status" aria-live="assertive" data-said>
        {said && t(`keys.said.${said.what}`, { key: said.key && around.keyText(said.key), n: said.n, of: said.of })}
      </div>
    </div>
  )
}

function undoByKeyboard({ dispatch, start }: Surroundings, event: KeyboardEvent): void {
  const typing = (event.target as HTMLElement).closest('input, select, textarea')
  if (typing || !start.mayEdit || event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey)) return
  event.preventDefault()
  dispatch({ type: 'undo' })
}

function Bar({ around }: { around: Surroundings }): preact.JSX.Element {
  const { t, editor, changed, dispatch, start } = around
  const { past, keys, state, newer } = editor.value
  return (
    <div class="key-bar">
      <div class="key-shown">
        <ShowAs around={around} />
        <Modules around={around} />
      </div>
      {start.mayEdit && (
        <div class="btn-list">
          {changed.value && <span class="key-unsaved">{t('keys.unsaved')}</span>}
          <BarButton word={t('keys.undo')} enabled={past.length > 0} onPress={() => dispatch({ type: 'undo' })} />
          <BarButton word={t('keys.clear')} enabled={keys.length > 0} onPress={() => dispatch({ type: 'clear' })} />
          <BarButton
            word={t(state === 'saving' ? 'keys.saving' : 'keys.save')}
            enabled={changed.value && state !== 'saving' && newer === undefined}
            isMain
            onPress={() => void save(around)}
          />
        </div>
      )}
    </div>
  )
}

interface BarButtonProps {
  word: string
  enabled: boolean
  isMain?: boolean
  onPress(): void
}

/** Keeps the focus when there is nothing more to do: a disabled button would lose it. */
function BarButton({ word, enabled, isMain = false, onPress }: BarButtonProps): preact.JSX.Element {
  return (
    <button
      type="button"
      class={`btn${isMain ? ' btn-primary' : ''}${enabled ? '' : ' disabled'}`}
      aria-disabled={!enabled}
      onClick={() => enabled && onPress()}
    >
      {word}
    </button>
  )
}

function ShowAs({ around }: { around: Surroundings }): preact.JSX.Element {
  const { t, start, sheet, phone } = around
  const choose = (chosen: string): void => {
    const onPhone = start.phones.find(({ mac }) => mac === chosen)
    const model = onPhone?.model ?? chosen
    const known = [start.sheet, sheet.value].find(({ id }) => id === model)
    // A model that was only picked to be looked at: what else is on the phone of the person stays.
    const rest = onPhone ?? start.phones[0]
    void Promise.resolve(known ?? loadSheet(start, model)).then(
      (loaded) => around.show(loaded, rest),
      () => undefined,
    )
  }
  const value = sheet.value.id === phone.value?.model ? phone.value.mac : sheet.value.id
  return (
    <label class="key-show">
      <span>{t('keys.showAs')}</span>
      <select class="form-select" value={value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {start.phones.length > 0 && (
          <optgroup label={t('keys.showAs.phones')}>
            {start.phones.map(({ mac, name }) => (
              <option key={mac} value={mac}>
                {name}
              </option>
            ))}
          </optgroup>
        )}
        <optgroup label={t('keys.showAs.models')}>
          {start.models.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </optgroup>
      </select>
    </label>
  )
}

/** How many expansion modules are shown, where the model takes some. */
function Modules({ around }: { around: Surroundings }): preact.JSX.Element | null {
  const { t, sheet, modules, attach } = around
  const rules = moduleRules(sheet.value)
  if (!rules) return null
  const name = moduleType(rules, modules.value)?.name ?? ''
  return (
    <label class="key-show">
      <span>{t('keys.modules')}</span>
      <select
        class="form-select"
        value={String(modules.value.number)}
        onChange={({ currentTarget }) => attach(Number(currentTarget.value))}
      >
        {Array.from({ length: rules.max + 1 }, (_, number) => (
          <option key={number} value={String(number)}>
            {number === 0 ? t('keys.modules.none') : `${number} × ${name}`}
          </option>
        ))}
      </select>
    </label>
  )
}

function Notices({ around }: { around: Surroundings }): preact.JSX.Element {
  const { t, editor, layout, sheet, start, dispatch } = around
  const { newer, state, refusal, said } = editor.value
  const { overflow, repeated } = layout.value
  const why = (key: LineKey): string => {
    const word = key.owner.kind === 'device' ? 'place' : whyNoPlace(sheet.value, key)
    return t(`keys.overflow.${word}`, { line: key.line ?? 1 })
  }
  const foreign = (key: LineKey): string =>
    key.owner.kind === start.owner ? '' : ` (${t(`keys.from.${key.owner.kind}`)})`
  return (
    <>
      {newer && (
        <div class="alert alert-warning" role="alert">
          <div>
            <p>{t('keys.conflict')}</p>
            <div class="btn-list">
              <button type="button" class="btn btn-primary" onClick={() => dispatch({ type: 'reapply' })}>
                {t('keys.conflict.reapply')}
              </button>
              <button type="button" class="btn" onClick={() => dispatch({ type: 'takeNewer' })}>
                {t('keys.conflict.take')}
              </button>
            </div>
          </div>
        </div>
      )}
      {state === 'refused' && refusal !== undefined && (
        <div class="alert alert-danger" role="alert">
          {t('keys.refused', { reason: refusal })}
        </div>
      )}
      {said?.what === 'saved' && !around.changed.value && <div class="alert alert-success">{t('keys.said.saved')}</div>}
      {overflow.length > 0 && (
        <div class="alert alert-warning key-overflow">
          <div>
            <p class="mb-1">{around.count('keys.overflow', overflow.length, { model: sheet.value.name })}</p>
            <ul>
              {overflow.map((key) => (
                <li key={key.id}>{`${around.keyText(key)}${foreign(key)}: ${why(key)}`}</li>
              ))}
            </ul>
            <p class="mb-0">{t('keys.overflow.after')}</p>
          </div>
        </div>
      )}
      {repeated.length > 0 && (
        <p class="text-secondary">
          {t('keys.repeated', { keys: repeated.map((key) => around.keyText(key)).join(', ') })}
        </p>
      )}
    </>
  )
}

const root = document.getElementById('key-editor')
if (root?.dataset.start !== undefined) {
  const start = JSON.parse(root.dataset.start) as Start
  root.replaceChildren()
  render(<App around={createSurroundings(start)} />, root)
}
