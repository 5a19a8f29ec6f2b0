package signature

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func allShipped(t testing.TB) *Book {
	t.Helper()
	list, err := Shipped(Sets())
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(list)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// lines holds what the programs write for each shipped signature.
var lines = map[string]string{
	"nginx/no-listen":     `2026/01/05 12:00:00 [error] 7#7: bind() to 0.0.0.0:80 failed (98: in use)`,
	"nginx/connections":   `2026/01/05 12:00:00 [alert] 7#7: 512 worker_connections are not enough`,
	"nginx/files":         `2026/01/05 12:00:00 [crit] 7#7: accept4() failed (24: Too many open files)`,
	"nginx/upstream":      `2026/01/05 12:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1`,
	"nginx/worker":        `2026/01/05 12:00:00 [alert] 6#6: worker process 7 exited on signal 11 (core dumped)`,
	"nginx/config":        `2026/01/05 12:00:00 [emerg] 6#6: unknown directive "listne" in /etc/nginx/nginx.conf:3`,
	"redis/memory":        `1:M 05 Jan 2026 12:00:00.000 # Can't save in background: fork: Cannot allocate memory`,
	"redis/persist":       `1:M 05 Jan 2026 12:00:00.000 # Background saving error`,
	"redis/corrupt":       `1:M 05 Jan 2026 12:00:00.000 # Bad file format reading the append only file: make a backup`,
	"redis/crash":         `1:M 05 Jan 2026 12:00:00.000 # Redis 7.0.15 crashed by signal: 11, si_code: 1`,
	"redis/clients":       `# Error allocating resources for the client: max number of clients reached`,
	"redis/replica":       `1:S 05 Jan 2026 12:00:00.000 # Connection with master lost.`,
	"postgres/corrupt":    `2026-01-05 12:00:00 UTC [12] ERROR:  invalid page in block 3 of relation base/1/2`,
	"postgres/panic":      `2026-01-05 12:00:00 UTC [12] PANIC:  could not locate a valid checkpoint record`,
	"postgres/disk":       `ERROR:  could not extend file "base/1/2": No space left on device`,
	"postgres/clients":    `2026-01-05 12:00:00 UTC [12] FATAL:  sorry, too many clients already`,
	"postgres/crash":      `LOG:  server process (PID 12) was terminated by signal 9: Killed`,
	"postgres/wraparound": `WARNING:  database "x" must be vacuumed within 10985967 transactions`,
	"postgres/deadlock":   `2026-01-05 12:00:00 UTC [12] ERROR:  deadlock detected`,
	"sshd/break-in":       `reverse mapping checking getaddrinfo for a.example [1.2.3.4] failed - POSSIBLE BREAK-IN ATTEMPT!`,
	"sshd/guessing":       `Disconnecting: Too many authentication failures for root`,
	"sshd/no-listen":      `error: Bind to port 22 on 0.0.0.0 failed: in use.`,
	"sshd/keys":           `sshd: no hostkeys available -- exiting.`,
	"sshd/throttled":      `error: beginning MaxStartups throttling`,
	"systemd/failed":      `Jan 05 12:00:00 h systemd[1]: web.service: Failed with result 'exit-code'.`,
	"systemd/limit":       `web.service: Start request repeated too quickly.`,
	"systemd/emergency":   `You are in emergency mode. After logging in, type "journalctl -xb"`,
	"systemd/oom":         `web.service: A process of this unit has been killed by the OOM killer.`,
	"kernel/oom":          `[ 12.3] Out of memory: Killed process 4711 (java) total-vm:1kB`,
	"kernel/panic":        `[ 12.3] Kernel panic - not syncing: Fatal exception`,
	"kernel/oops":         `[ 12.3] BUG: unable to handle page fault for address: 0000`,
	"kernel/io":           `[ 12.3] blk_update_request: I/O error, dev sda, sector 1`,
	"kernel/fs":           `[ 12.3] EXT4-fs error (device sda1): ext4_lookup:1`,
	"kernel/lockup":       `[ 12.3] INFO: task java:12 blocked for more than 120 seconds.`,
	"kernel/segfault":     `[ 12.3] web[4711]: segfault at 0 ip 00 sp 00 error 4`,
	"kernel/machine":      `[ 12.3] mce: [Hardware Error]: CPU 1: Machine Check: 0`,
	"kernel/conntrack":    `nf_conntrack: nf_conntrack: table full, dropping packet`,
	"go/panic":            `panic: runtime error: index out of range [3] with length 3`,
	"go/signal":           `[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1]`,
	"go/recovered":        `2026/01/05 12:00:00 http: panic serving 10.0.0.1:5: boom`,
	"go/files":            `http: Accept error: accept tcp [::]:80: accept4: too many open files; retrying in 5ms`,
	"java/memory":         `java.lang.OutOfMemoryError: Java heap space`,
	"java/overhead":       `GC overhead limit exceeded`,
	"java/stack":          `java.lang.StackOverflowError`,
	"java/crash":          `# A fatal error has been detected by the Java Runtime Environment:`,
	"java/main":           `Exception in thread "main" java.lang.IllegalStateException: no`,
	"java/deadlock":       `Found one Java-level deadlock:`,
	"common/no-space":     `write /var/log/x: No space left on device`,
	"common/read-only":    `open x: Read-only file system`,
	"common/in-use":       `listen tcp :80: bind: address already in use`,
	"common/certificate":  `x509: certificate has expired or is not yet valid`,
	"common/python":       `RecursionError: maximum recursion depth exceeded`,
}

func TestEveryShippedSignatureKnowsItsLine(t *testing.T) {
	b := allShipped(t)
	for _, e := range b.entries {
		line, there := lines[e.Name]
		if !there {
			t.Errorf("%s has no line in this test", e.Name)
			continue
		}
		alone, err := New([]Signature{e.Signature})
		if err != nil {
			t.Fatal(err)
		}
		if _, found := alone.Match("web", line); !found {
			t.Errorf("%s does not know %q", e.Name, line)
		}
		if _, found := b.Match("web", line); !found {
			t.Errorf("the whole book does not know %q", line)
		}
	}
}

func TestOrdinaryLinesHaveNoSignature(t *testing.T) {
	b := allShipped(t)
	for _, line := range []string{
		`10.0.0.1 - - [05/Jan/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 612 "-" "curl"`,
		`2026/01/05 12:00:00 [notice] 6#6: signal process started`,
		`1:M 05 Jan 2026 12:00:00.000 * Background saving terminated with success`,
		`LOG:  checkpoint complete: wrote 3 buffers`,
		`Accepted publickey for root from 10.0.0.1 port 5 ssh2`,
		`systemd[1]: Started web.service.`,
		``,
	} {
		if s, found := b.Match("web", line); found {
			t.Errorf("%q matched %s", line, s.Name)
		}
	}
}

func TestTheWorstSignatureOfALineCounts(t *testing.T) {
	s, _ := allShipped(t).Match("db", lines["postgres/disk"])
	if s.Severity != sdk.SeverityHigh {
		t.Errorf("got %s, %s, want severity high", s.Name, s.Severity)
	}
}

func TestASignatureOfOneComponentIsNotForOthers(t *testing.T) {
	b, err := New([]Signature{{Name: "own", Pattern: "ouch", Component: "web"}})
	if err != nil {
		t.Fatal(err)
	}
	_, web := b.Match("web", "ouch")
	_, store := b.Match("store", "ouch")
	if !web || store {
		t.Errorf("web %v, store %v, want true and false", web, store)
	}
}

func TestBadSignaturesAreRefusedWithTheirPlace(t *testing.T) {
	good := Signature{Name: "good", Pattern: "x"}
	for want, bad := range map[string]Signature{
		"[1].pattern of \"bad\": error parsing":   {Name: "bad", Pattern: "(("},
		"[1].pattern of \"bad\" matches an empty": {Name: "bad", Pattern: "x*"},
		"[1].name \"good\"":                       {Name: "good", Pattern: "y"},
	} {
		_, err := New([]Signature{good, bad})
		var e *Error
		if !errors.As(err, &e) || e.Index != 1 || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q…", bad, err, want)
		}
	}
	if _, err := Shipped([]string{"nginx", "apache"}); err == nil || !strings.Contains(err.Error(), `"apache"`) {
		t.Errorf("an unknown set: got %v, want an error that names it", err)
	}
}

func TestNeededTextsAreFound(t *testing.T) {
	for pattern, want := range map[string][]string{
		`worker process \d+ exited on signal`: {" exited on signal"},
		`(?i)panic`:                           nil,
		`a|b`:                                 nil,
		`x(abc)+y?`:                           {"abc"},
		`(first|second) thing`:                {" thing"},
		`^first: |^second: `:                  {"first: ", "second: "},
	} {
		if got := needed(pattern); !slices.Equal(got, want) {
			t.Errorf("needed(%q) = %q, want %q", pattern, got, want)
		}
	}
}

func TestFewShippedSignaturesMeetEveryLine(t *testing.T) {
	if n := len(allShipped(t).filter.always); n > 0 {
		t.Errorf("%d of the shipped signatures have no text to look for: every line meets them", n)
	}
}

func FuzzMatch(f *testing.F) {
	for _, line := range lines {
		f.Add(line)
	}
	b := allShipped(f)
	f.Fuzz(func(t *testing.T, line string) {
		_, found := b.Match("web", line)
		want := false
		for _, e := range b.entries {
			want = want || e.expression.MatchString(line[:min(len(line), MaxBytes)])
		}
		if found != want {
			t.Errorf("%q: got %v, the expressions alone say %v", line, found, want)
		}
	})
}
