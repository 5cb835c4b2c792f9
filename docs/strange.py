#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""strange.py - a byte that nobody sent: the program of docs/tutorial.md.

A parent fills a huge page and forks.  The child gives the page to a pipe and unmaps it.  The parent stores
something else; what comes out of the child's pipe?  Waits for Enter before the store.
"""
import ctypes
import mmap
import os

SIZE = 2 << 20
libc = ctypes.CDLL(None, use_errno=True)


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


page = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)  # MAP_HUGETLB
page[:8] = b"old news"
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
ready, go = os.pipe(), os.pipe()
child = os.fork()
if not child:
    out, into = os.pipe()
    piece = Iovec(address, 8)
    if libc.vmsplice(into, ctypes.byref(piece), 1, 0) != 8:  # the page itself goes into the pipe
        raise OSError(ctypes.get_errno(), "vmsplice")
    libc.munmap(ctypes.c_void_p(address), SIZE)
    os.write(ready[1], b"!")
    os.read(go[0], 1)
    print("the child reads", os.read(out, 8), flush=True)
    os._exit(0)
os.read(ready[0], 1)
input(f"look at process {os.getpid()}, address {address:x}; then press Enter ")
page[:8] = b"new news"
os.write(go[1], b"!")
os.waitpid(child, 0)
