// SPDX-License-Identifier: GPL-2.0

//! The sk_lookup program: which socket a connection to an address under a prefix is for.
//!
//! That in the map for address and port, else for the port, else for all ports. What is under
//! the prefix and not in the map, UDP too, meets no socket at all.

use natpt_core::xlate::addr::{mask, Prefix};

use super::bpf::SocketMap;

/// The port that stands for all.
pub const ANY_PORT: u16 = 0;

/// struct bpf_sk_lookup
const PROTOCOL: i16 = 12;
const LOCAL_IP6: i16 = 44;
const LOCAL_PORT: i16 = 60;

/// The map's key on the stack: address, port.
const KEY: i16 = -20;
const KEY_PORT: i16 = -4;

const TCP: i32 = 6;
/// The program's answers.
const SK_DROP: i32 = 0;
const SK_PASS: i32 = 1;

/// Opcodes: class, size or source, operation.
const LOAD: u8 = 0x61;
const STORE: u8 = 0x63;
const STORE_NUMBER: u8 = 0x62;
const MOVE: u8 = 0xbf;
const MOVE_NUMBER: u8 = 0xb7;
const ADD_NUMBER: u8 = 0x07;
const AND_NUMBER: u8 = 0x54;
const JUMP_UNEQUAL: u8 = 0x56;
const JUMP_UNEQUAL_64: u8 = 0x55;
const LOAD_MAP: u8 = 0x18;
const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;

/// Functions of the kernel.
const MAP_LOOKUP_ELEM: i32 = 1;
const SK_RELEASE: i32 = 86;
const SK_ASSIGN: i32 = 124;

/// Registers: r0 is a function's answer, r1 to r5 its arguments, r10 the stack.
const CONTEXT: u8 = 6;
const SOCKET: u8 = 7;
const STACK: u8 = 10;

#[derive(Clone, Copy)]
enum To {
    Pass,
    Drop,
    Found,
}

#[derive(Default)]
struct Assembler {
    code: Vec<u64>,
    jumps: Vec<(usize, To)>,
}

impl Assembler {
    /// struct bpf_insn
    fn op(&mut self, code: u8, to: u8, from: u8, offset: i16, number: i32) {
        let registers = to | (from << 4);
        let [low, high] = offset.to_ne_bytes();
        let [a, b, c, d] = number.to_ne_bytes();
        self.code
            .push(u64::from_ne_bytes([code, registers, low, high, a, b, c, d]));
    }

    fn jump(&mut self, code: u8, register: u8, number: i32, to: To) {
        self.jumps.push((self.code.len(), to));
        self.op(code, register, 0, 0, number);
    }

    fn look_up(&mut self, map: i32) {
        const MAP_FD: u8 = 1;
        self.op(LOAD_MAP, 1, MAP_FD, 0, map);
        self.op(0, 0, 0, 0, 0);
        self.op(MOVE, 2, STACK, 0, 0);
        self.op(ADD_NUMBER, 2, 0, 0, KEY.into());
        self.op(CALL, 0, 0, 0, MAP_LOOKUP_ELEM);
        self.jump(JUMP_UNEQUAL_64, 0, 0, To::Found);
    }

    fn answer(&mut self, verdict: i32) {
        self.op(MOVE_NUMBER, 0, 0, 0, verdict);
        self.op(EXIT, 0, 0, 0, 0);
    }

    /// Let jumps of that kind lead to what comes next.
    fn here(&mut self, to: To) {
        let here = self.code.len();
        for &(at, other) in &self.jumps {
            if other as u8 == to as u8 {
                let mut bytes = self.code[at].to_ne_bytes();
                let offset = (here - at - 1) as i16;
                bytes[2..4].copy_from_slice(&offset.to_ne_bytes());
                self.code[at] = u64::from_ne_bytes(bytes);
            }
        }
    }
}

pub fn program(prefix: &Prefix, sockets: &SocketMap) -> Vec<u64> {
    let mut code = Assembler::default();
    code.op(MOVE, CONTEXT, 1, 0, 0);
    for ((offset, wanted), mask) in
        words(prefix.addr().to_bits()).zip(words(mask(prefix.len().into())))
    {
        if mask.1 != 0 {
            code.op(LOAD, 2, CONTEXT, LOCAL_IP6 + offset, 0);
            code.op(AND_NUMBER, 2, 0, 0, mask.1);
            code.jump(JUMP_UNEQUAL, 2, wanted, To::Pass);
        }
        code.op(LOAD, 2, CONTEXT, LOCAL_IP6 + offset, 0);
        code.op(STORE, STACK, 2, KEY + offset, 0);
    }
    code.op(LOAD, 2, CONTEXT, PROTOCOL, 0);
    code.jump(JUMP_UNEQUAL, 2, TCP, To::Drop);
    code.op(LOAD, 2, CONTEXT, LOCAL_PORT, 0);
    code.op(STORE, STACK, 2, KEY_PORT, 0);
    code.look_up(sockets.number());
    for (offset, _) in words(0) {
        code.op(STORE_NUMBER, STACK, 0, KEY + offset, 0);
    }
    code.look_up(sockets.number());
    code.op(STORE_NUMBER, STACK, 0, KEY_PORT, ANY_PORT.into());
    code.look_up(sockets.number());
    code.here(To::Drop);
    code.answer(SK_DROP);
    code.here(To::Pass);
    code.answer(SK_PASS);
    code.here(To::Found);
    code.op(MOVE, SOCKET, 0, 0, 0);
    code.op(MOVE, 1, CONTEXT, 0, 0);
    code.op(MOVE, 2, SOCKET, 0, 0);
    code.op(MOVE_NUMBER, 3, 0, 0, 0);
    code.op(CALL, 0, 0, 0, SK_ASSIGN);
    code.op(MOVE, 1, SOCKET, 0, 0);
    code.op(CALL, 0, 0, 0, SK_RELEASE);
    code.answer(SK_PASS);
    code.code
}

/// An address as the kernel has it: four words of bytes in network order, and their offsets.
fn words(bits: u128) -> impl Iterator<Item = (i16, i32)> {
    let bytes = bits.to_be_bytes();
    (0..4_usize).map(move |at| {
        let word = [0, 1, 2, 3].map(|byte| bytes[4 * at + byte]);
        (4 * at as i16, i32::from_ne_bytes(word))
    })
}
