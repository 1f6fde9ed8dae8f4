// SPDX-License-Identifier: GPL-2.0

//! The state of one network namespace: configuration, mappings, sessions, pools, expiry, counters.

pub(crate) mod config;
pub(crate) mod counters;
mod expiry;
pub(crate) mod ident;
pub(crate) mod mapping;
mod pool;
pub(crate) mod session;
pub(crate) mod translator;

use crate::linux::{
    fib::Routes6,
    hooks::Hooks,
    memory::{self, Account, Created},
    pernet::{NetRef, PerNet, Registration, Subsystem},
    sys,
    work::Worker,
};
use config::Config;
use kernel::{
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
};
use translator::Translator;

/// Puts hooks of a translator in place. The data plane gives this to the control plane.
#[derive(Clone, Copy)]
pub(crate) struct Attach {
    /// Where packets are looked at: four places of each family.
    pub(crate) packets: fn(Arc<Translator>) -> Result<Hooks<Translator, 8>>,
    /// Where fragments are looked at before anybody puts them together: one of each family.
    pub(crate) fragments: fn(Arc<Translator>) -> Result<Hooks<Translator, 2>>,
}

/// What a namespace has of natpt.
#[pin_data]
pub(crate) struct Namespace {
    net: NetRef,
    #[pin]
    control: Mutex<Control>,
}

/// The part that only changes under the lock. Fields are dropped in this order.
struct Control {
    /// Absent while translation is off.
    hooks: Option<Hooks<Translator, 8>>,
    /// Absent while there are no stateless rules.
    fragments: Option<Hooks<Translator, 2>>,
    /// Absent as the hooks are, or if memory was short.
    routes: Option<Pin<KBox<Routes6<Translator>>>>,
    worker: Option<Pin<KBox<Worker<Translator>>>>,
    /// Absent until translation is first switched on.
    translator: Option<Arc<Translator>>,
    /// The master copy; the translator has one of its own.
    config: Config,
}

static SUBSYSTEM: Subsystem<Namespace> = Subsystem::new();

/// Sets the number of hash buckets (a power of two) before the subsystem is registered.
pub(crate) static BUCKET_BITS: kernel::sync::SetOnce<u32> = kernel::sync::SetOnce::new();

/// Gives every namespace its state. To be dropped in this order.
pub(crate) fn register() -> Result<(Registration<Namespace>, [Created; 2])> {
    let caches = [
        session::CACHE.create(c"natpt_session")?,
        mapping::CACHE.create(c"natpt_mapping")?,
    ];
    Ok((SUBSYSTEM.register()?, caches))
}

impl PerNet for Namespace {
    fn subsystem() -> &'static Subsystem<Self> {
        &SUBSYSTEM
    }

    fn new(net: NetRef) -> Result<Pin<KBox<Self>>> {
        let control = Control {
            hooks: None,
            fragments: None,
            routes: None,
            worker: None,
            translator: None,
            config: Config::new(Account::of(&net))?,
        };
        KBox::pin_init(
            pin_init!(Self {
                net,
                control <- new_mutex!(control),
            }),
            memory::flags(),
        )
    }

    fn pre_exit(&self) {
        let mut control = self.control.lock();
        control.hooks = None;
        control.fragments = None;
        control.routes = None;
        control.worker = None;
    }
}

/// What `status-get` tells.
pub(crate) struct Status {
    pub(crate) enabled: bool,
    pub(crate) generation: u32,
    pub(crate) sessions: u32,
    pub(crate) mappings: u32,
}

impl Namespace {
    /// Changes the configuration: `edit` works on a copy, which counts only if it succeeds.
    pub(crate) fn change<E: From<Error>>(
        &self,
        attach: Attach,
        edit: impl FnOnce(&mut Config) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut control = self.control.lock();
        let mut next = control.config.next()?;
        edit(&mut next)?;
        self.apply(&mut control, next, attach)?;
        Ok(())
    }

    fn apply(&self, control: &mut Control, next: Config, attach: Attach) -> Result {
        let copy = KBox::new(next.copy()?, memory::flags())?;
        let (known, copy) = match &control.translator {
            Some(translator) => (Some(translator.clone()), Some(copy)),
            None if next.enabled => (Some(self.start(control, copy)?), None),
            None => (None, None),
        };
        if let (true, None, Some(translator)) = (next.enabled, &control.hooks, &known) {
            control.hooks = Some((attach.packets)(translator.clone())?);
        }
        let stateless = next.enabled && next.is_stateless();
        if let (true, None, Some(translator)) = (stateless, &control.fragments, &known) {
            control.fragments = Some((attach.fragments)(translator.clone())?);
        }
        // Nothing fails from here on.
        if let (Some(translator), Some(copy)) = (known, copy) {
            translator.config.replace(copy);
            translator.forget_routes();
        }
        if !next.enabled {
            control.hooks = None;
        }
        if !stateless {
            control.fragments = None;
        }
        if *next.prefixes != *control.config.prefixes || !next.enabled {
            control.routes = None;
        }
        if let (true, None, Some(translator)) = (next.enabled, &control.routes, &control.translator)
        {
            control.routes = translator.watch_routes();
        }
        control.config = next;
        Ok(())
    }

    fn start(&self, control: &mut Control, config: KBox<Config>) -> Result<Arc<Translator>> {
        let bits = BUCKET_BITS.as_ref().copied().unwrap_or(16);
        let translator = Translator::new(self.net, config, bits)?;
        control.worker = Some(Worker::start(translator.clone(), sys::hz())?);
        control.translator = Some(translator.clone());
        Ok(translator)
    }

    /// Lets `f` read the configuration.
    pub(crate) fn with_config<R>(&self, f: impl FnOnce(&Config) -> R) -> R {
        f(&self.control.lock().config)
    }

    /// The tables, if translation was ever switched on.
    pub(crate) fn translator(&self) -> Option<Arc<Translator>> {
        self.control.lock().translator.clone()
    }

    pub(crate) fn status(&self) -> Status {
        let control = self.control.lock();
        let tables = control.translator.as_ref();
        Status {
            enabled: control.config.enabled,
            generation: control.config.generation,
            sessions: tables.map_or(0, |it| it.session_count()),
            mappings: tables.map_or(0, |it| it.mapping_count()),
        }
    }
}
