package process

import (
	"net/netip"
	"os"
	"slices"
	"testing"
)

const statTail = " S 10 20 30 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 200 18446744073709551615"

func TestParseStatReadsOddNames(t *testing.T) {
	for _, name := range []string{"cat", "a b", ") S 1 1 (", "((", "\xff\n"} {
		got, err := ParseStat([]byte("42 (" + name + ")" + statTail + "\n"))
		want := Stat{PID: 42, Comm: name, State: 'S', Parent: 10, Group: 20, Session: 30, Ticks: 987654}
		if err != nil || got != want {
			t.Errorf("name %q: got %+v, %v; want %+v", name, got, err, want)
		}
	}
}

func TestParseStatRefusesWhatIsNoStat(t *testing.T) {
	for _, line := range []string{"", "42", "42 (cat", "42 (cat) S 1 2", "x (cat)" + statTail, "42 (cat) SS" + statTail[2:], ")("} {
		if got, err := ParseStat([]byte(line)); err == nil {
			t.Errorf("ParseStat(%q): got %+v, want an error", line, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("42 (cat)" + statTail))
	f.Add([]byte("42 (c) a)t)" + statTail))
	if own, err := os.ReadFile("/proc/self/stat"); err == nil {
		f.Add(own)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := ParseStat(line)
		if err != nil && got != (Stat{}) {
			t.Errorf("ParseStat(%q): got %+v beside the error %v", line, got, err)
		}
	})
}

const tcpTable = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F91 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4713 1 0
   3: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4714 1 0
`

func TestParseListenersReadsBothFamilies(t *testing.T) {
	got := ParseListeners([]byte(tcpTable))
	want := []Port{
		{netip.MustParseAddrPort("127.0.0.1:8080"), 4711},
		{netip.MustParseAddrPort("[::1]:80"), 4713},
		{netip.MustParseAddrPort("127.0.0.1:81"), 4714},
	}
	if !slices.Equal(got, want) {
		t.Errorf("ParseListeners: got %v, want %v", got, want)
	}
}

func FuzzParseListeners(f *testing.F) {
	f.Add([]byte(tcpTable))
	f.Add([]byte(" 0: 00:1 x 0A a b c d e 1\n"))
	f.Fuzz(func(t *testing.T, table []byte) {
		for _, p := range ParseListeners(table) {
			if !p.Address.IsValid() {
				t.Errorf("ParseListeners(%q): got the invalid address of %v", table, p)
			}
		}
	})
}

func TestDescendantsHoldsTheWholeTree(t *testing.T) {
	h := begin(t, "parent")
	if got := Descendants(h.ID().PID); len(got) != 2 || got[0] != h.ID().PID {
		t.Errorf("Descendants of a process with one child: got %v, want two, itself first", got)
	}
}

func TestMembersLeavesOutASessionThatWentToStrangers(t *testing.T) {
	main := ID{PID: 100, Ticks: 500, Boot: Boot()}
	reused := Table{
		100: {PID: 100, Parent: 1, Group: 100, Session: 100, State: 'S', Ticks: 900},
		101: {PID: 101, Parent: 100, Group: 100, Session: 100, State: 'S', Ticks: 901},
	}
	if got := (Family{Main: main, Session: 100}).Members(reused); len(got) != 0 {
		t.Errorf("members when another process has the number of the main process: got %+v, want none", got)
	}
	own := Table{
		100: {PID: 100, Parent: 1, Group: 100, Session: 100, State: 'S', Ticks: 500},
		101: {PID: 101, Parent: 1, Group: 101, Session: 100, State: 'S', Ticks: 501},
		102: {PID: 102, Parent: 101, Group: 101, Session: 102, State: 'S', Ticks: 502},
		103: {PID: 103, Parent: 100, Group: 100, Session: 100, State: 'Z', Ticks: 503},
		104: {PID: 104, Parent: 1, Group: 104, Session: 104, State: 'S', Ticks: 504},
	}
	got := (Family{Main: main, Session: 100}).Members(own)
	pids := make([]int, 0, len(got))
	for _, st := range got {
		pids = append(pids, st.PID)
	}
	if want := []int{100, 101, 102}; !slices.Equal(pids, want) {
		t.Errorf("members: got %v, want %v: the session, its descendants, no zombie, no stranger", pids, want)
	}
}
