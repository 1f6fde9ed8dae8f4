// SPDX-License-Identifier: GPL-2.0

//! The part of the YNL schema (Documentation/netlink/genetlink.yaml of the kernel) that we use.
//! What we do not know is refused, so that nothing in the spec is silently without effect.

use serde::Deserialize;

/// Version of a family that names none.
pub const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Spec {
    pub name: String,
    #[serde(rename = "protocol")]
    _protocol: Genetlink,
    pub doc: String,
    #[serde(default)]
    pub definitions: Vec<Definition>,
    pub attribute_sets: Vec<Set>,
    operations: Operations,
    mcast_groups: Groups,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Groups {
    list: Vec<Group>,
}

/// A multicast group.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    #[serde(default)]
    pub flags: Vec<Permission>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Genetlink {
    Genetlink,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    #[serde(rename = "type")]
    pub kind: DefinitionKind,
    pub name: String,
    pub doc: Option<String>,
    pub entries: Vec<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum DefinitionKind {
    Enum,
    Flags,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Set {
    pub name: String,
    pub doc: Option<String>,
    pub subset_of: Option<String>,
    pub attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Attribute {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    pub doc: Option<String>,
    pub nested_attributes: Option<String>,
    #[serde(rename = "enum")]
    pub definition: Option<String>,
    #[serde(default, rename = "enum-as-flags")]
    pub as_flags: bool,
    #[serde(default)]
    pub multi_attr: bool,
    #[serde(default)]
    pub checks: Checks,
    pub display_hint: Option<Hint>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Flag,
    U8,
    U16,
    U32,
    U64,
    String,
    Binary,
    Nest,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Checks {
    pub exact_len: Option<u16>,
    pub max_len: Option<u16>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    Ipv4,
    Ipv6,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Operations {
    #[serde(rename = "enum-model")]
    _model: Unified,
    list: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unified {
    Unified,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Operation {
    pub name: String,
    pub doc: String,
    pub attribute_set: String,
    #[serde(default)]
    pub flags: Vec<Permission>,
    #[serde(rename = "do")]
    pub action: Option<Exchange>,
    pub dump: Option<Exchange>,
    /// What the module says by itself, and the group that hears it.
    pub event: Option<Message>,
    pub mcgrp: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    UnsAdminPerm,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    pub request: Option<Message>,
    pub reply: Option<Message>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub attributes: Vec<String>,
}

impl Spec {
    pub fn parse(yaml: &str) -> Result<Self, String> {
        serde_norway::from_str(yaml).map_err(|why| why.to_string())
    }

    pub fn operations(&self) -> &[Operation] {
        &self.operations.list
    }

    pub fn groups(&self) -> &[Group] {
        &self.mcast_groups.list
    }

    pub fn set(&self, name: &str) -> Result<&Set, String> {
        let found = self.attribute_sets.iter().find(|set| set.name == name);
        found.ok_or_else(|| format!("there is no attribute set {name}"))
    }

    pub fn definition(&self, name: &str) -> Result<&Definition, String> {
        let found = self.definitions.iter().find(|one| one.name == name);
        found.ok_or_else(|| format!("there is no definition {name}"))
    }

    /// The set that owns the numbers: a subset borrows those of the set it is part of.
    pub fn whole<'a>(&'a self, set: &'a Set) -> Result<&'a Set, String> {
        match &set.subset_of {
            Some(name) => self.set(name),
            None => Ok(set),
        }
    }

    /// Sets with numbers of their own.
    pub fn wholes(&self) -> impl Iterator<Item = &Set> {
        let sets = self.attribute_sets.iter();
        sets.filter(|set| set.subset_of.is_none())
    }

    /// The sets that stand at the top of requests, and what a request holds of them.
    pub fn requests(&self) -> impl Iterator<Item = (&str, &Message)> {
        self.operations.list.iter().flat_map(|op| {
            let ways = op.action.iter().chain(&op.dump);
            let requests = ways.filter_map(|way| way.request.as_ref());
            requests.map(|message| (op.attribute_set.as_str(), message))
        })
    }

    /// The set is what requests are made of, and no answers.
    pub fn is_choice(&self, set: &Set) -> bool {
        let mut ops = self.operations.list.iter();
        let is_answer = ops.any(|op| {
            let mut ways = op.action.iter().chain(&op.dump);
            op.attribute_set == set.name && ways.any(|way| way.reply.is_some())
        });
        !is_answer && self.requests().any(|(name, _)| name == set.name)
    }
}

impl Attribute {
    pub fn kind(&self) -> Result<Kind, String> {
        self.kind
            .ok_or_else(|| format!("attribute {} has no type", self.name))
    }

    pub fn nest(&self) -> Result<&str, String> {
        self.nested_attributes
            .as_deref()
            .ok_or_else(|| format!("attribute {} nests nothing", self.name))
    }
}
