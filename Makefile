# SPDX-License-Identifier: GPL-2.0
# natpt: 'make help' lists what there is.

export KDIR V DESTDIR PREFIX

all: module userspace

help:
	@sed -n 's/^## //p' Makefile

## make              natpt.ko and the tools
## make KDIR=DIR     the same for another Rust-enabled kernel build tree
## make module       natpt.ko
module:
	@scripts/build-module

## make userspace    the tools, in build/userspace/release (KDIR builds: build/userspace-host)
userspace:
	@scripts/build-userspace

## make install      what is built, as root: PREFIX=/usr/local, DESTDIR=; make uninstall takes it away
install:
	@scripts/install

uninstall:
	@scripts/install --remove

## make sign KEY=FILE [CERT=FILE]   natpt.ko, for kernels that take signed modules only
sign:
	@scripts/sign "$(KEY)" $(CERT)

## make deb [REVISION=N]   the Debian packages, in build/deb; make repo [KEY=ID] an apt repository of them, signed
deb:
	@packaging/deb $(REVISION)

repo:
	@packaging/repo $(KEY)

## make demo         an IPv6-only host talks to IPv4 servers, in a VM
demo: vm-files
	@tests/vm/run tests/vm/demo

## make shell        a prompt in the VM, with module and tools at hand
shell: vm-files
	@tests/vm/run --interactive tests/vm/shell

## make vm RUN=SCRIPT [ADD="FILE..."]   run a script in a fresh VM
vm: vm-files
	@tests/vm/run $(foreach file,$(ADD),--add $(file)) $(or $(RUN),$(error say which script: make vm RUN=SCRIPT))

# What the VM runs is always built for the stock kernel and its Debian.
vm-files:
	@scripts/build-module vm
	@scripts/build-userspace vm

debug-files:
	@scripts/build-module debug
	@scripts/build-userspace vm

## make check        all tests; with T="NAME...", these selftests
check:
	@T="$(T)" scripts/check $(if $(T),,host) vm

## make check-host   the tests that need no VM
check-host:
	@scripts/check host

## make check-hosts  'make' on a fresh Debian 12 and 13, at any rate
check-hosts:
	@HOSTS=always scripts/check hosts

## make check-vm [T="NAME..."]   the selftests, or some of them
check-vm:
	@T="$(T)" scripts/check vm

## make check-packages   the Debian packages from install to purge, in a VM with systemd; not part of 'make check'
check-packages:
	@scripts/check packages

## make check-kernels [T="ROW..."]   some of the selftests on the kernels of tests/kernels/matrix, or of some rows
check-kernels:
	@T="$(T)" scripts/check kernels

## make check-debug [T="NAME..."]   the same on a kernel with KASAN, lockdep and the like
check-debug:
	@T="$(T)" scripts/check debug

## make soak [MINUTES=20]   the debug kernel as a router at work for so long
soak:
	@NATPT_SECONDS=$$((60 * $(or $(MINUTES),20))) T=soak scripts/check debug

## make bench [ROW="NAME..."]   instructions per packet, bytes per session; CLASSIC=1: as first measured;
##                   SCALE=1: beside a thousand sessions to four million, only
bench: vm-files
	@tests/bench/run $(if $(CLASSIC),--classic) $(if $(SCALE),--scale) $(ROW)

## make profile [ROW=NAME]   where a row of the bench spends them, by function
profile: vm-files
	@tests/bench/profile $(ROW)

## make bench-totd   queries per second beside unbound's dns64, in one VM
bench-totd: vm-files
	@tests/vm/run tests/bench/totd

## make bench-preload   throughput through the preload libraries, by instructions
bench-preload: vm-files
	@tests/vm/run --icount tests/bench/preload

## make check-cpython   CPython's own tests of sockets through the preload libraries (not in 'make check')
check-cpython: vm-files
	@tests/vm/run --timeout 3600 tests/cpython

## make fuzz         look for differences from the reference, for FUZZ_SECONDS (60)
fuzz:
	@tests/fuzz/run

## make mutants [DIFF=REV]   change the pure code (or what differs from REV): do tests notice? (an hour)
mutants:
	@tests/mutants/run $(DIFF)

## make compliance   which requirements the tests prove
compliance:
	@tests/compliance

## make generate     write what follows from src/uapi/natpt.yaml
generate:
	@scripts/generate

## make fmt          format the code
fmt:
	@scripts/fmt

## make clean        remove what make built
clean:
	@rm -rf build natpt.ko

## make distclean    and the cache: build roots, VM images, crates
distclean: clean
	@scripts/distclean

.PHONY: all help module userspace install uninstall sign deb repo demo shell vm vm-files debug-files check check-host check-hosts check-vm check-packages check-kernels check-debug soak bench profile \
	bench-totd bench-preload check-cpython compliance fuzz mutants generate fmt clean distclean
