// The payment service: an actor `Payment` for each order.
//
//   Take {card, amount}   refuses cards that begin with 4000-; a repeat takes nothing more
//   Refund                gives back what was taken, if anything was
//   Show
import { serve } from './actor_host.mjs'

const NONE = { taken: 0, refunded: 0 }

await serve('payment', {
  Payment: {
    Take(state = NONE, { card, amount }) {
      if (card.startsWith('4000-')) {
        throw new Error(`card ${card} is declined`)
      }
      return { state: { ...state, card, taken: amount }, reply: { taken: amount } }
    },
    Refund(state = NONE) {
      return { state: { ...state, refunded: state.taken }, reply: { refunded: state.taken } }
    },
    Show: (state = NONE) => ({ reply: state })
  }
})
