// The order service: an actor `Order` for each order.
//
//   Ship {article, count, to}   refuses to ship to nowhere
//   Show
import { serve } from './actor_host.mjs'

await serve('order', {
  Order: {
    Ship(_state, parcel) {
      if (parcel.to === 'nowhere') {
        throw new Error('nobody delivers to nowhere')
      }
      return { state: { shipped: parcel }, reply: { shipped: true } }
    },
    Show: (state = { shipped: null }) => ({ reply: state })
  }
})
