// Package husk takes the instructions out of a WASM module whose native code is
// already there.
//
// To load compiled code wazero still decodes and validates the whole module: 60 ms
// for the 3 MB of a small Go program, of which 40 ms are for instructions that are
// never looked at again. A husk has the same types, imports, tables, memories,
// globals, exports and data, and bodies that do nothing, so the native code of the
// module fits it. The module itself was validated when it was compiled.
//
// The package owns that cut alone; pairing a husk with native code is the worker's
// business. It is pure.
package husk

import "encoding/binary"

// What the binary format of WebAssembly 1.0 says (section 5.5).
const (
	header        = 8 // magic and version
	customSection = 0
	codeSection   = 10
	maxSections   = 1 << 12
)

// body is a function without locals that traps: its size in bytes, no locals,
// unreachable, end. It is valid for every type of function.
var body = []byte{3, 0, 0x00, 0x0b}

// Of returns the husk of a module, or the module itself where it has a form that
// this package does not know; deciding whether a module is valid is not its
// business. Custom sections are left out but for the names of functions, which a
// stack trace shows.
func Of(module []byte) []byte {
	if len(module) < header {
		return module
	}
	out := append(make([]byte, 0, len(module)/2), module[:header]...)
	rest := module[header:]
	for n := 0; len(rest) > 0; n++ {
		id := rest[0]
		content, after, ok := sized(rest[1:])
		if !ok || n == maxSections {
			return module
		}
		switch {
		case id == codeSection:
			bodies, ok := hollow(content)
			if !ok {
				return module
			}
			out = appendSection(out, id, bodies)
		case id != customSection || isNames(content):
			out = append(out, rest[:len(rest)-len(after)]...)
		}
		rest = after
	}
	return out
}

// hollow returns a code section with as many bodies, all of them empty.
func hollow(content []byte) ([]byte, bool) {
	count, used := number(content)
	if used == 0 {
		return nil, false
	}
	out := append([]byte{}, content[:used]...)
	rest := content[used:]
	for range count {
		_, after, ok := sized(rest)
		if !ok {
			return nil, false
		}
		out, rest = append(out, body...), after
	}
	return out, len(rest) == 0
}

// isNames reports whether a custom section is the one called "name".
func isNames(content []byte) bool {
	name, _, ok := sized(content)
	return ok && string(name) == "name"
}

func appendSection(out []byte, id byte, content []byte) []byte {
	out = append(out, id)
	out = binary.AppendUvarint(out, uint64(len(content)))
	return append(out, content...)
}

// sized cuts off what begins with its own length.
func sized(data []byte) (content, after []byte, ok bool) {
	n, used := number(data)
	if used == 0 || n > uint64(len(data)-used) {
		return nil, nil, false
	}
	end := used + int(n)
	return data[used:end], data[end:], true
}

// number reads an unsigned 32-bit LEB128; used is 0 where there is none.
func number(data []byte) (n uint64, used int) {
	const longest = 5 // bytes of 32 bits
	n, used = binary.Uvarint(data[:min(longest, len(data))])
	if used <= 0 || n > 1<<32-1 {
		return 0, 0
	}
	return n, used
}
