// SPDX-License-Identifier: GPL-2.0

//! The life of natpt in one network namespace: hooks, worker, route listener, configuration.

use crate::{
    linux::{
        fib::Routes6,
        hooks::Hooks,
        memory::{self, Account},
        pernet::{NetRef, PerNet, Registration, Subsystem},
        rcu, sys,
        work::{Bell, Job, Worker},
    },
    path,
    state::{config::Config, draft::Draft, translator::Translator},
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{ordering, Atomic},
        Arc, Mutex,
    },
};

/// The state of natpt in a namespace.
#[pin_data]
pub(crate) struct Namespace {
    net: NetRef,
    #[pin]
    control: Mutex<Control>,
}

/// The part that only changes under the lock. Fields are dropped in this order.
struct Control {
    /// Absent while translation is off.
    hooks: Option<Hooks<Translator, 9>>,
    /// Absent while there are no stateless rules.
    fragments: Option<Hooks<Translator, 2>>,
    /// Absent as the hooks are, or if memory was short.
    routes: Option<Pin<KBox<Routes6<Translator>>>>,
    worker: Option<Pin<KBox<Worker<Keeper>>>>,
    /// Absent as the worker is.
    keeper: Option<Arc<Keeper>>,
    /// Absent until translation is first switched on.
    translator: Option<Arc<Translator>>,
    /// The one that the translator reads, too.
    config: Arc<Config>,
}

impl Control {
    /// Return the configuration that `edit` makes of a copy, and whether sessions may have to end
    /// because of it. May sleep.
    fn edited<E: From<Error>>(
        &self,
        edit: impl FnOnce(&mut Draft) -> Result<(), E>,
    ) -> Result<(Config, bool), E> {
        let mut draft = Draft::of(self.config.clone());
        if let (true, Some(translator)) = (draft.keeps(), &self.translator) {
            draft.forget_kept(&translator.seen(&self.config)?)?;
        }
        edit(&mut draft)?;
        Ok(draft.settle()?)
    }
}

/// What is looked after as time goes by.
#[pin_data]
struct Keeper {
    translator: Arc<Translator>,
    /// Absent while no pool is an address of the box's own: every packet that leaves meets it.
    #[pin]
    departures: Mutex<Option<Hooks<Translator, 1>>>,
    /// Generations of the configuration and of the IPv4 routes for which that was found.
    watched: Atomic<u64>,
}

impl Keeper {
    fn new(translator: Arc<Translator>) -> Result<Arc<Self>> {
        let keeper = pin_init!(Self {
            translator,
            departures <- new_mutex!(None),
            watched: Atomic::new(0),
        });
        Arc::pin_init(keeper, memory::flags())
    }

    /// Looks whether a pool is an address of the box's own. What fails is tried again next time.
    fn watch_pools(&self) {
        let net = &self.translator.net;
        // Whoever is the later one knows better.
        let mut departures = self.departures.lock();
        let (is_shared, now) = {
            let guard = rcu::read_lock();
            let config = self.translator.config.read(&guard);
            let now = u64::from(config.generation) << 32 | u64::from(sys::routes4(net));
            if now == self.watched.load(ordering::Relaxed) {
                return;
            }
            (config.enabled && config.has_own_pool(net), now)
        };
        if is_shared != departures.is_some() {
            *departures = match is_shared {
                true => path::departures(self.translator.clone()).ok(),
                false => None,
            };
        }
        if is_shared == departures.is_some() {
            self.watched.store(now, ordering::Relaxed);
        }
    }
}

impl Job for Keeper {
    fn run(&self) -> Option<u32> {
        self.watch_pools();
        self.translator.run()
    }

    fn bell(&self) -> &Bell {
        self.translator.bell()
    }
}

static SUBSYSTEM: Subsystem<Namespace> = Subsystem::new();

/// Gives every namespace its state, until dropped.
pub(crate) fn register() -> Result<Registration<Namespace>> {
    SUBSYSTEM.register()
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
            keeper: None,
            translator: None,
            config: Arc::new(Config::new(Account::of(&net))?, memory::flags())?,
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
        control.keeper = None;
    }
}

/// The answer to `status-get`.
pub(crate) struct Status {
    pub(crate) enabled: bool,
    pub(crate) generation: u32,
    pub(crate) sessions: u32,
    pub(crate) mappings: u32,
}

impl Namespace {
    /// Changes the configuration: `edit` works on a copy, which counts only if it succeeds. Fails
    /// as `edit` does, or if memory is short; nothing has changed then. May sleep.
    pub(crate) fn change<E: From<Error>>(
        &self,
        edit: impl FnOnce(&mut Draft) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut control = self.control.lock();
        let (next, ends) = control.edited(edit)?;
        let next = Arc::new(next, memory::flags()).map_err(Error::from)?;
        self.apply(&mut control, next)?;
        if let (true, Some(translator)) = (ends, &control.translator) {
            translator.end_orphans(&control.config);
        }
        Ok(())
    }

    /// Fails as `change` would, and changes nothing. May sleep.
    pub(crate) fn check<E: From<Error>>(
        &self,
        edit: impl FnOnce(&mut Draft) -> Result<(), E>,
    ) -> Result<(), E> {
        self.control.lock().edited(edit)?;
        Ok(())
    }

    fn apply(&self, control: &mut Control, next: Arc<Config>) -> Result {
        if next.enabled && control.translator.is_none() {
            self.start(control, next.clone())?;
        }
        let stateless = next.enabled && next.is_stateless();
        if let Some(translator) = &control.translator {
            let fragments = (stateless && control.fragments.is_none())
                .then(|| path::fragments(translator.clone()))
                .transpose()?;
            let hooks = (next.enabled && control.hooks.is_none())
                .then(|| path::packets(translator.clone()))
                .transpose()?;
            // Nothing fails from here on.
            translator.configure(next.clone());
            control.fragments = fragments.or(control.fragments.take());
            control.hooks = hooks.or(control.hooks.take());
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
        if let Some(translator) = &control.translator {
            translator.forget_syns(&control.config);
        }
        if let Some(keeper) = &control.keeper {
            keeper.watch_pools();
        }
        Ok(())
    }

    fn start(&self, control: &mut Control, config: Arc<Config>) -> Result {
        let translator = Translator::new(self.net, config)?;
        let keeper = Keeper::new(translator.clone())?;
        control.worker = Some(Worker::start(keeper.clone())?);
        control.keeper = Some(keeper);
        control.translator = Some(translator);
        Ok(())
    }

    /// The configuration of this moment.
    pub(crate) fn config(&self) -> Arc<Config> {
        self.control.lock().config.clone()
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
