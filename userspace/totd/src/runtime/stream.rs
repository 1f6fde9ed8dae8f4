// SPDX-License-Identifier: GPL-2.0

//! Messages over TCP, each with its length before it (RFC 1035 section 4.2.2).

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

pub struct Stream {
    pub socket: TcpStream,
    input: Vec<u8>,
    output: Vec<u8>,
}

/// The state of a connection after all that goes without waiting.
pub enum Progress {
    Open,
    /// The other side has said its last word, and may still listen.
    Ended,
    Broken,
}

impl Stream {
    pub fn new(socket: TcpStream) -> Self {
        let (input, output) = (Vec::new(), Vec::new());
        Self {
            socket,
            input,
            output,
        }
    }

    pub fn push(&mut self, message: &[u8]) {
        // No message is longer than its length can say.
        let Ok(len) = u16::try_from(message.len()) else {
            return;
        };
        self.output.extend_from_slice(&len.to_be_bytes());
        self.output.extend_from_slice(message);
    }

    pub fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    pub fn waiting(&self) -> usize {
        self.output.len()
    }

    pub fn write(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.socket.write(&self.output) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => drop(self.output.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Read once; the caller is told again if there is more.
    pub fn read(&mut self, buffer: &mut [u8]) -> Progress {
        match self.socket.read(buffer) {
            Ok(0) => Progress::Ended,
            Ok(len) => {
                self.input.extend_from_slice(&buffer[..len]);
                Progress::Open
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                Progress::Open
            }
            Err(_) => Progress::Broken,
        }
    }

    /// The next whole message.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        let (len, rest) = self.input.split_first_chunk()?;
        let len = usize::from(u16::from_be_bytes(*len));
        let message = rest.get(..len)?.to_vec();
        self.input.drain(..2 + len);
        Some(message)
    }
}
