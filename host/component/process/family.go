package process

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Family says which processes belong to one start of a component. The zero Family is empty.
type Family struct {
	// Main is the process that stands for all; it may have ended.
	Main ID
	// Session is the number of a session that is the family's alone, or 0. Only a process started by Start has one.
	Session int
	// Mark is an environment entry "KEY=value" that only members carry, or empty. It finds members that left the session.
	Mark string

	// known are members that were seen once: they stay members when they lose their parents.
	known map[ID]bool
}

// remember returns the family with those members known from now on.
func (f Family) remember(members []Stat) Family {
	known := maps.Clone(f.known)
	if known == nil {
		known = make(map[ID]bool, len(members))
	}
	for _, m := range members {
		known[m.ID()] = true
	}
	f.known = known
	return f
}

// Members returns the living members in the table, the oldest first: the main process, its session or, if it leads one, its
// process group, every process that carries the mark, and the descendants of them all. The host itself is never a member.
func (f Family) Members(table Table) []Stat {
	in := make(map[int]bool)
	for pid, st := range table {
		in[pid] = f.founder(st, table)
	}
	for grew := true; grew; {
		grew = false
		for pid, st := range table {
			if !in[pid] && in[st.Parent] {
				in[pid], grew = true, true
			}
		}
	}
	var members []Stat
	for pid, st := range table {
		if in[pid] && !st.Dead() && pid != os.Getpid() && pid > 1 {
			members = append(members, st)
		}
	}
	slices.SortFunc(members, byAge)
	return members
}

func byAge(a, b Stat) int {
	return cmp.Or(cmp.Compare(a.Ticks, b.Ticks), cmp.Compare(a.PID, b.PID))
}

// founder reports whether the process is a member by itself, and not only as somebody's descendant.
func (f Family) founder(st Stat, table Table) bool {
	if st.Dead() || st.PID == os.Getpid() {
		return false
	}
	switch {
	case f.Main.PID != 0 && st.ID() == f.Main || f.known[st.ID()]:
		return true
	case f.Main.PID != 0 && st.Ticks < f.Main.Ticks:
		return false // older than the family: the numbers are a coincidence
	case f.Session != 0 && st.Session == f.Session:
		return f.ownSession(st, table)
	case f.Session == 0 && f.Main.PID != 0 && st.Group == f.Main.PID:
		return table[f.Main.PID].ID() == f.Main
	default:
		return f.Mark != "" && slices.Contains(Environment(st.PID), f.Mark)
	}
}

// ownSession guards against a session number that went to strangers after the family had ended. While the main process
// is there the number is ours. When another process leads the session it is not. When nobody does, the environment decides: a
// readable one without the mark is a stranger's.
func (f Family) ownSession(st Stat, table Table) bool {
	if leader, ok := table[f.Session]; ok {
		return leader.ID() == f.Main
	}
	env := Environment(st.PID)
	readable := slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "PATH=") })
	return !readable || f.Mark == "" || slices.Contains(env, f.Mark)
}

// Carriers returns the living processes whose environment holds an entry "KEY=value" with the given beginning, the oldest
// first, and the rest of that entry by process number.
func Carriers(table Table, beginning string) ([]Stat, map[int]string) {
	var carriers []Stat
	rests := make(map[int]string)
	for pid, st := range table {
		if st.Dead() || pid == os.Getpid() {
			continue
		}
		for _, entry := range Environment(pid) {
			if rest, ok := strings.CutPrefix(entry, beginning); ok {
				carriers, rests[pid] = append(carriers, st), rest
				break
			}
		}
	}
	slices.SortFunc(carriers, byAge)
	return carriers, rests
}

// WritesTo reports whether the process has the file as its standard output.
func WritesTo(pid int, file os.FileInfo) bool {
	out, err := os.Stat(fmt.Sprintf("/proc/%d/fd/1", pid))
	return err == nil && os.SameFile(out, file)
}

// Descendants returns the numbers of the living descendants of a process, itself first. It follows the kernel's lists of
// children, a few microseconds a process, so it is fit for being called every second; it misses orphans, which
// Members finds.
func Descendants(pid int) []int {
	family := []int{pid}
	for i := 0; i < len(family) && len(family) < 10_000; i++ {
		family = append(family, children(family[i])...)
	}
	return family
}
