package process

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Port is one listening TCP socket.
type Port struct {
	// Address is where it listens.
	Address netip.AddrPort
	// Inode names the socket; 0 stands for any.
	Inode uint64
}

// AnyAddress stands for a port number on every local address.
func AnyAddress(number int) Port {
	return Port{Address: netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(number))}
}

// covers reports whether a socket listens where p says.
func (p Port) covers(q Port) bool {
	return q.Address == p.Address || p.Inode == 0 && q.Address.Port() == p.Address.Port()
}

// Listening returns the TCP sockets on which any of the processes listens. Processes whose descriptors may not be read
// count as listening on nothing.
func Listening(members []Stat) []Port {
	if len(members) == 0 {
		return nil
	}
	sockets := make(map[uint64]bool)
	for _, m := range members {
		for _, inode := range socketsOf(m.PID) {
			sockets[inode] = true
		}
	}
	return slices.DeleteFunc(listeners(), func(p Port) bool { return !sockets[p.Inode] })
}

// Held returns the sockets that listen now where any of the ports say.
func Held(ports []Port) []Port {
	if len(ports) == 0 {
		return nil
	}
	return slices.DeleteFunc(listeners(), func(q Port) bool {
		return !slices.ContainsFunc(ports, func(p Port) bool { return p.covers(q) })
	})
}

// Holder returns the numbers of the processes that listen on the address. It reads the descriptors of every
// process, so it is for explaining a failure, not for every day.
func Holder(address netip.AddrPort, table Table) []int {
	sought := slices.DeleteFunc(listeners(), func(p Port) bool { return p.Address != address })
	var pids []int
	for pid := range table {
		held := socketsOf(pid)
		if slices.ContainsFunc(sought, func(p Port) bool { return slices.Contains(held, p.Inode) }) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

func socketsOf(pid int) []uint64 {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var inodes []uint64
	for _, e := range entries {
		link, err := os.Readlink(dir + "/" + e.Name())
		if err != nil {
			continue
		}
		number, ok := strings.CutPrefix(link, "socket:[")
		if inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 64); ok && err == nil {
			inodes = append(inodes, inode)
		}
	}
	return inodes
}

func listeners() []Port {
	var ports []Port
	for _, file := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // no IPv6 on this host
		}
		ports = append(ports, ParseListeners(b)...)
	}
	return ports
}

// ParseListeners reads the listening sockets out of a table in the form of /proc/net/tcp or tcp6. Lines that it does not
// understand are left out.
func ParseListeners(table []byte) []Port {
	const listen = "0A"
	var ports []Port
	for line := range bytes.Lines(table) {
		f := strings.Fields(string(line))
		if len(f) < 10 || f[3] != listen {
			continue
		}
		address, ok := parseSocket(f[1])
		inode, err := strconv.ParseUint(f[9], 10, 64)
		if ok && err == nil {
			ports = append(ports, Port{Address: address, Inode: inode})
		}
	}
	return ports
}

// parseSocket reads "0100007F:1F90": the address as 32-bit words in the machine's order, the port as a plain number.
func parseSocket(text string) (netip.AddrPort, bool) {
	host, port, ok := strings.Cut(text, ":")
	number, err := strconv.ParseUint(port, 16, 16)
	words, herr := hex.DecodeString(host)
	if !ok || err != nil || herr != nil || len(words) != 4 && len(words) != 16 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(words); i += 4 {
		binary.NativeEndian.PutUint32(words[i:], binary.BigEndian.Uint32(words[i:]))
	}
	address, ok := netip.AddrFromSlice(words)
	return netip.AddrPortFrom(address.Unmap(), uint16(number)), ok
}
