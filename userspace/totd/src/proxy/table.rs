// SPDX-License-Identifier: GPL-2.0

//! A table whose keys are never used twice, so that a late event finds nothing.

pub type Key = u64;

pub struct Table<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Table<T> {
    pub fn insert(&mut self, value: T) -> Key {
        let index = self.free.pop().unwrap_or_else(|| {
            let value = None;
            let generation = 0;
            self.slots.push(Slot { generation, value });
            (self.slots.len() - 1) as u32
        });
        let slot = &mut self.slots[index as usize];
        slot.value = Some(value);
        (u64::from(slot.generation) << 32) | u64::from(index)
    }

    pub fn get(&self, key: Key) -> Option<&T> {
        let slot = self.slots.get(key as u32 as usize)?;
        slot.value
            .as_ref()
            .filter(|_| slot.generation == (key >> 32) as u32)
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let slot = self.slots.get_mut(key as u32 as usize)?;
        slot.value
            .as_mut()
            .filter(|_| slot.generation == (key >> 32) as u32)
    }

    pub fn remove(&mut self, key: Key) -> Option<T> {
        self.get(key)?;
        let index = key as u32;
        let slot = &mut self.slots[index as usize];
        // 28 bits leave the user of a key room for four of its own.
        slot.generation = (slot.generation + 1) & 0x0fff_ffff;
        self.free.push(index);
        slot.value.take()
    }

    pub fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| slot.value.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_keys_find_nothing() {
        let mut table = Table::default();
        let a = table.insert('a');
        assert_eq!(table.remove(a), Some('a'));
        let b = table.insert('b');
        assert_ne!(a, b);
        assert_eq!(table.get(a), None);
        assert_eq!(table.remove(a), None);
        assert_eq!(table.get(b), Some(&'b'));
        assert_eq!(table.count(), 1);
        assert_eq!(table.get_mut(a), None);
        assert_eq!(table.get_mut(b), Some(&mut 'b'));
        assert_eq!(table.iter().collect::<String>(), "b");
        let c = table.insert('c');
        assert_eq!(table.remove(b), Some('b'));
        assert_eq!(table.get(c), Some(&'c'));
        assert_eq!(table.iter().collect::<String>(), "c");
    }

    #[test]
    fn four_bits_of_a_key_are_not_used() {
        let mut table = Table::default();
        for last in [0, 1, 0x0fff_fffe, 0x0fff_ffff] {
            let first = table.insert(());
            table.remove(first);
            table.slots[0].generation = last;
            let key = table.insert(());
            assert_eq!(key >> 32, last.into());
            table.remove(key);
            let next = table.insert(());
            assert_eq!(next >> 32, u64::from(last + 1) & 0x0fff_ffff);
            table.remove(next);
        }
    }
}
