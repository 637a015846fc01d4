// An actor host written with the published Node SDK, and a client of it, for node_sdk_test.py.
//
// Counter and Router speak JSON, Typed and the pool speak google.protobuf.Int64Value. Commands on
// standard input, one a line:
//
//     call ACTOR ACTION [N]     invokes through the SDK, answers the number
//     send ACTOR ACTION [N]     the same, asynchronous: answers "ok"
//     later ACTOR ACTION N MS   the same, MS milliseconds from now: answers "ok"
//     child NAME ACTION [N]     spawns NAME from the UNNAMED Template, then calls it
//     ref NAME ACTION [N]       calls NAME with Template as its register_ref, without a spawn
//     burst ACTOR ACTION COUNT  COUNT calls at once with N = 1, answers the numbers in order
//     count ACTION              how often an action ran in this process
//
// A failed call is answered with "error: ..." . What the SDK logs goes to standard error.
'use strict'

const fs = require('fs')
const path = require('path')
const readline = require('readline')

console.log = console.error // the answers have standard output for themselves
const sdkFolder = path.resolve(process.env.SPAWN_NODE_SDK)
const sdk = require(sdkFolder)
const { MessageType } = require(require.resolve('@protobuf-ts/runtime', { paths: [sdkFolder] }))
const { Kind, Value, payloadFor } = sdk
const spawn = sdk.default

const SYSTEM = 'spawn-system'
const SHORT = { deactivatedTimeout: 120n, snapshotTimeout: 60n } // milliseconds
const JSON_TYPES = { payloadType: 'json', responseType: 'json' }
const T_INT64 = 3
const Int64Value = new MessageType('google.protobuf.Int64Value', [
  { no: 1, name: 'value', kind: 'scalar', T: T_INT64, L: 0 } // L 0: as bigint
])
const TYPES = { payloadType: Int64Value, responseType: Int64Value }
const TYPED = new Set(['Typed', 'Pool'])
const ran = {}

const note = (action) => {
  ran[action] = (ran[action] || 0) + 1
}

function jsonActor(actor) {
  actor.addAction({ name: 'Add', ...JSON_TYPES }, async (context, payload) => {
    note('Add')
    const total = (context.state.total || 0) + payload.n
    return Value.of().state({ ...context.state, total }).response({ n: total })
  })
  actor.addAction({ name: 'Total', ...JSON_TYPES }, async (context) =>
    Value.of().response({ n: context.state.total || 0 })
  )
}

const system = spawn.createSystem(SYSTEM)

const counter = system.buildActor({ name: 'Counter', channels: ['news'], ...SHORT })
jsonActor(counter)
counter.addAction({ name: 'receive', ...JSON_TYPES }, async (context, payload) => {
  note('receive')
  return Value.of().state({ ...context.state, total: (context.state.total || 0) + payload.n })
})
counter.addAction({ name: 'Fail', ...JSON_TYPES }, async () => {
  note('Fail')
  throw new Error('as asked')
})
counter.addAction({ name: 'Pad', ...JSON_TYPES }, async (context, payload) => {
  const state = { ...context.state, pad: 'x'.repeat(payload.n) }
  return Value.of().state(state).response({ n: state.pad.length })
})
counter.addAction({ name: 'Padding', ...JSON_TYPES }, async (context) =>
  Value.of().response({ n: (context.state.pad || '').length })
)
counter.addAction({ name: 'Tag', ...JSON_TYPES }, async (_context, payload) =>
  Value.of().tags({ mark: String(payload.n) }).response({ n: payload.n })
)
counter.addAction({ name: 'Tagged', ...JSON_TYPES }, async (context) =>
  Value.of().response({ n: Number(context.tags.mark || 0) })
)

const template = system.buildActor({ name: 'Template', kind: Kind.UNNAMED, ...SHORT })
jsonActor(template)

const typed = system.buildActor({ name: 'Typed', stateType: Int64Value, ...SHORT })
typed.addAction({ name: 'Add', ...TYPES }, async (context, payload) => {
  const total = { value: context.state.value + payload.value }
  return Value.of().state(total).response(Int64Value, total)
})

const pool = system.buildActor({
  name: 'Pool', kind: Kind.POOLED, stateful: false, stateType: undefined,
  minPoolSize: 1, maxPoolSize: 4
})
pool.addAction({ name: 'Double', ...TYPES }, async (_context, payload) =>
  Value.of().response(Int64Value, { value: 2n * payload.value })
)

const router = system.buildActor({ name: 'Router', stateful: false, ...SHORT })
router.addAction({ name: 'Pipe', ...JSON_TYPES }, async (_context, payload) =>
  Value.of().response({ n: 10 * payload.n }).pipe({ actorName: 'Counter', action: 'Add' })
)
router.addAction({ name: 'Forward', ...JSON_TYPES }, async () =>
  Value.of().forward({ actorName: 'Counter', action: 'Add' })
)
router.addAction({ name: 'Effect', ...JSON_TYPES }, async (_context, payload) =>
  Value.of().response({ n: payload.n }).effects([
    { actorName: 'Counter', action: 'Add', payload },
    { actorName: 'Counter', action: 'Add', payload, scheduledTo: 200 }
  ])
)
router.addAction({ name: 'Announce', ...JSON_TYPES }, async (_context, payload) =>
  Value.of().response({ n: payload.n }).broadcast({ channel: 'news', payload })
)

const clock = system.buildActor({ name: 'Clock', deactivatedTimeout: 60_000n })
clock.addAction({ name: 'tick', timer: 50, ...JSON_TYPES }, async (context) =>
  Value.of().state({ total: (context.state.total || 0) + 1 })
)
clock.addAction({ name: 'Total', ...JSON_TYPES }, async (context) =>
  Value.of().response({ n: context.state.total || 0 })
)

const number = (answer) => {
  if (answer === null || answer === undefined) {
    return 'nothing'
  }
  for (const field of ['n', 'value', 'total']) {
    if (answer[field] !== undefined) {
      return String(answer[field])
    }
  }
  return JSON.stringify(answer)
}

function options(actor, action, argument) {
  const result = { action, pooled: actor === 'Pool' }
  if (TYPED.has(actor)) {
    result.response = Int64Value
  }
  if (argument !== undefined) {
    result.payload = TYPED.has(actor)
      ? payloadFor(Int64Value, { value: BigInt(argument) })
      : { n: Number(argument) }
  }
  return result
}

async function obey([verb, name, action, argument, delay]) {
  const wanted = options(name, action, argument)
  switch (verb) {
    case 'count':
      return String(ran[name] || 0)
    case 'call':
      return number(await spawn.invoke(name, wanted))
    case 'send':
      await spawn.invoke(name, { ...wanted, async: true })
      return 'ok'
    case 'later':
      await spawn.invoke(name, { ...wanted, delay: Number(delay) })
      return 'ok'
    case 'child':
      await spawn.spawnActor(name, { actorRef: 'Template' })
      return number(await spawn.invoke(name, wanted))
    case 'ref':
      return number(await spawn.invoke(name, { ...wanted, ref: 'Template' }))
    case 'burst': {
      const calls = Array.from({ length: Number(argument) }, () =>
        spawn.invoke(name, options(name, action, '1'))
      )
      const answers = (await Promise.all(calls)).map(number)
      return answers.sort((a, b) => Number(a) - Number(b)).join(' ')
    }
    default:
      return 'error: unknown command'
  }
}

const say = (text) => fs.writeSync(1, `${text.replace(/\n/g, ' ')}\n`)

async function main() {
  const { status } = await system.register()
  say(status && status.message === 'Accepted' ? 'ready' : `error: registration: ${status?.message}`)
  for await (const line of readline.createInterface({ input: process.stdin })) {
    try {
      say(await obey(line.trim().split(/\s+/)))
    } catch (problem) {
      say(`error: ${problem.message}`)
    }
  }
  process.exit(0)
}

main()
