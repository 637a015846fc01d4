//! The actors as a plugin: settings, types, entry.
mod abi;
mod actors_abi;
mod counters;
#[cfg(test)]
mod fake_host;
#[cfg(test)]
mod fake_lane;
mod glue;
mod host;
mod live;
mod manifest;
mod plugin;
#[cfg(test)]
mod tests;
mod wire;

use std::ffi::c_void;

use counters::{Counter, Total, ACTIONS};
use glue::{table_of, Live, Type};
use host::{config_number, Host};
use plugin::Plugin;

struct Actors {
    amount_max: u64,
}

impl Live for Actors {
    const TYPES: &'static [Type<Self>] = &[
        Type {
            name: "@name@",
            named: false,
            actions: ACTIONS,
            make: |plugin, ctx| {
                let total = ctx.find(b"", b"@name@-total").ok_or(abi::E_EXHAUSTED)?;
                Ok(Box::new(Counter { amount_max: plugin.amount_max, total, value: 0 }))
            },
        },
        Type {
            name: "@name@-total",
            named: true,
            actions: ACTIONS,
            make: |_, _| Ok(Box::new(Total::default())),
        },
    ];
}

impl Plugin for Actors {
    const KIND: &'static [u8] = actors_abi::ACTORS;
    fn table() -> *const c_void {
        table_of::<Self>(Self::KIND)
    }
    fn other_table(id: &[u8]) -> *const c_void {
        table_of::<Self>(id)
    }
    fn create(_: Host, _: &str, config: &[u8]) -> Result<Self, String> {
        Ok(Actors { amount_max: config_number(config, "amount_max", 1_000_000_000) })
    }
}

spawn_plugin!(Actors);
