package hoststat

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// CgroupRoot is where the control groups are mounted.
const CgroupRoot = "/sys/fs/cgroup"

// unlimited is the least memory limit that means none: version 1 writes the
// largest multiple of the page size.
const unlimited = 1 << 60

// Group is the control group at the root of the mounted hierarchy. On a plain
// machine that group has no limits. In a container it is the container's own,
// because the runtime mounts that, so a limit found here bounds everything that
// can be seen. The daemon's own group is not looked at: a limit on the daemon
// says nothing of the machine.
type Group struct {
	root string
	v2   bool
}

// FindGroup finds out which version is mounted at root.
func FindGroup(root string) Group {
	_, err := os.Stat(filepath.Join(root, "cgroup.controllers"))
	return Group{root: root, v2: err == nil}
}

// Memory returns the limit and what is used of it, without the page cache that
// can be given up, in bytes. It is false where there is no limit.
func (g Group) Memory() (limit, used float64, ok bool) {
	limitFile, usedFile, statFile, cache := "memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"
	if g.v2 {
		limitFile, usedFile, statFile, cache = "memory.max", "memory.current", "memory.stat", "inactive_file"
	}
	limit, ok = g.number(limitFile)
	if !ok || limit >= unlimited {
		return 0, 0, false
	}
	used, ok = g.number(usedFile)
	return limit, max(used-g.field(statFile, cache), 0), ok
}

// Cores returns how many processors may be used, false where all may.
func (g Group) Cores() (float64, bool) {
	var quota, period float64
	if g.v2 {
		fields := strings.Fields(g.read("cpu.max"))
		if len(fields) != 2 {
			return 0, false
		}
		quota, _ = strconv.ParseFloat(fields[0], 64) // "max" reads as 0: no limit
		period, _ = strconv.ParseFloat(fields[1], 64)
	} else {
		quota, _ = g.number("cpu/cpu.cfs_quota_us")
		period, _ = g.number("cpu/cpu.cfs_period_us")
	}
	if quota <= 0 || period <= 0 {
		return 0, false
	}
	return quota / period, true
}

// CPUTime returns the time on a processor that the group has used so far.
func (g Group) CPUTime() (time.Duration, bool) {
	if g.v2 {
		return time.Duration(g.field("cpu.stat", "usage_usec")) * time.Microsecond, g.read("cpu.stat") != ""
	}
	ns, ok := g.number("cpuacct/cpuacct.usage")
	return time.Duration(ns), ok
}

// limited reports whether the group bounds memory or processors.
func (g Group) limited() bool {
	_, _, memory := g.Memory()
	_, cores := g.Cores()
	return memory || cores
}

func (g Group) read(name string) string {
	data, err := os.ReadFile(filepath.Join(g.root, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

func (g Group) number(name string) (float64, bool) {
	n, err := strconv.ParseFloat(g.read(name), 64)
	return n, err == nil
}

// field returns the number behind a word in a file of "word number" lines, 0
// where there is none.
func (g Group) field(name, word string) float64 {
	data, err := os.ReadFile(filepath.Join(g.root, name))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(data) {
		fields := bytes.Fields(line)
		if len(fields) == 2 && string(fields[0]) == word {
			n, _ := strconv.ParseFloat(string(fields[1]), 64)
			return n
		}
	}
	return 0
}
