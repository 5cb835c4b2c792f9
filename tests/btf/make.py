#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make.py VMLINUZ OUTPUT - the layout of the types that the BPF programs read, of one kernel.

The facts that tests/unit/test_btf_fields.c judges by, e.g. of Debian's kernels:

    apt-get download linux-image-6.18.15+deb13-cloud-amd64   (6.19 and later: linux-binary-...)
    dpkg-deb -x linux-image-*.deb x
    tests/btf/make.py x/boot/vmlinuz-* tests/btf/6.18.btf

It unpacks the image, finds section .BTF of the kernel in it, and writes BTF that holds the types
that src/bpf/kernel.bpf.h names and all that lies inside them by value, as the kernel has it, with
typedefs and qualifiers; only what a pointer points to is reduced to a name.
"""
import lzma
import os
import re
import struct
import subprocess
import sys
import zlib

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC = range(1, 13)
FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(13, 20)
FIXED = {INT: 1, ARRAY: 3, VAR: 1, DECL_TAG: 1}
EACH = {STRUCT: 3, UNION: 3, ENUM: 2, ENUM64: 3, DATASEC: 3, FUNC_PROTO: 2}


def unpack(image):
    """The ELF file inside a bzImage."""
    if image[:4] == b'\x7fELF':
        return image
    for magic in (b'\xfd7zXZ\0', b'\x28\xb5\x2f\xfd', b'\x02!L\x18', b'\x1f\x8b\x08'):
        for found in re.finditer(re.escape(magic), image):
            data = image[found.start():]
            try:
                if magic[0] == 0xfd:
                    data = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(data)
                elif magic[0] == 0x1f:
                    data = zlib.decompressobj(31).decompress(data)
                else:
                    tool = 'lz4' if magic[0] == 2 else 'zstd'
                    data = subprocess.run([tool, '-dcq'], input=data, check=False,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
            except (lzma.LZMAError, zlib.error):
                continue
            if data[:4] == b'\x7fELF':
                return data
    sys.exit('make.py: no kernel was found in the image')


def section(elf, name):
    """The bytes of an ELF64 section."""
    shoff, = struct.unpack_from('<Q', elf, 40)
    size, count, names = struct.unpack_from('<HHH', elf, 58)
    head = [struct.unpack_from('<IIQQQQ', elf, shoff + i * size) for i in range(count)]
    for h in head:
        at = head[names][4] + h[0]
        if elf[at:elf.index(b'\0', at)] == name:
            return elf[h[4]:h[4] + h[5]]
    sys.exit('make.py: the kernel has no BTF')


class Btf:
    """Types as lists of words: name, info, size or type, rest."""

    def __init__(self, data):
        _, _, _, size, at, length, strs, strs_len = struct.unpack_from('<HBBIIIII', data)
        words = struct.unpack_from('<%dI' % (length // 4), data, size + at)
        self.strs = data[size + strs:size + strs + strs_len]
        self.types = [[0, 0, 0]]
        i = 0
        while i < len(words):
            kind, vlen = words[i + 1] >> 24 & 31, words[i + 1] & 0xffff
            n = 3 + FIXED.get(kind, 0) + EACH.get(kind, 0) * vlen
            self.types.append(list(words[i:i + n]))
            i += n
        self.out, self.out_strs, self.new, self.at = [], b'\0', {}, {'': 0}

    def name(self, off):
        return self.strs[off:self.strs.index(b'\0', off)].decode()

    def string(self, off):
        text = self.name(off)
        if text not in self.at:
            self.at[text] = len(self.out_strs)
            self.out_strs += text.encode() + b'\0'
        return self.at[text]

    def keep(self, ident, behind=False):
        """Puts a type into the output, its id there is returned; 0 is void."""
        t = list(self.types[ident])
        kind = t[1] >> 24 & 31
        if not ident or (behind and (kind not in (STRUCT, UNION, FWD) or not self.name(t[0]))):
            return 0
        if behind:
            t = [t[0], FWD << 24 | (0x80000000 if kind == UNION else 0), 0]
        if (ident, behind) in self.new:
            return self.new[ident, behind]
        self.new[ident, behind] = len(self.out) + 1
        self.out.append(t)
        t[0] = self.string(t[0])
        if behind:
            pass
        elif kind == PTR:
            t[2] = self.keep(t[2], True)
        elif kind in (TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG):
            t[2] = self.keep(t[2])
        elif kind == ARRAY:
            t[3], t[4] = self.keep(t[3]), self.keep(t[4])
        elif kind in (STRUCT, UNION, ENUM, ENUM64):
            for i in range(3, len(t), EACH[kind]):
                t[i] = self.string(t[i])
                if kind in (STRUCT, UNION):
                    t[i + 1] = self.keep(t[i + 1])
        return self.new[ident, behind]

    def write(self, path):
        types = b''.join(struct.pack('<%dI' % len(t), *t) for t in self.out)
        with open(path, 'wb') as f:
            f.write(struct.pack('<HBBIIIII', 0xeb9f, 1, 0, 24, 0, len(types), len(types),
                                len(self.out_strs)) + types + self.out_strs)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, '../../src/bpf/kernel.bpf.h'), encoding='utf-8') as f:
        wanted = set(re.findall(r'^(?:struct|enum) (\w+?)(?:___\w+)? {', f.read(), re.M))
    with open(sys.argv[1], 'rb') as f:
        btf = Btf(section(unpack(f.read()), b'.BTF'))
    wanted.discard('bpf_map_type')
    for i, t in enumerate(btf.types):
        if t[1] >> 24 & 31 in (STRUCT, UNION, ENUM, ENUM64) and btf.name(t[0]) in wanted:
            btf.keep(i)
    btf.write(sys.argv[2])


main()
