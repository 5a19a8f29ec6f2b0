package record

import (
	"strings"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHeadersAreCutOffAndLevelsAreRead(t *testing.T) {
	for _, c := range []struct {
		line, message string
		level         Level
	}{
		{"Jun 14 15:16:01 combo sshd(pam_unix)[19939]: check pass; user unknown", "check pass; user unknown", LevelUnknown},
		{"2026-01-05T12:00:00.123Z web1 kernel: [12.345678] eth0 up", "eth0 up", LevelUnknown},
		{"[Sun Dec 04 04:47:44 2005] [error] mod_jk child in error state 6", "mod_jk child in error state 6", LevelError},
		{"081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block", "PacketResponder 1 for block", LevelInfo},
		{"2026-01-05 12:00:00,123 - app.store - WARNING - slow query", "slow query", LevelWarning},
		{"2017-05-16 00:00:00.008 25746 INFO nova.api [req-3810 113d3a99 54fadb41 - - -] 10.11.10.1 GET", "10.11.10.1 GET", LevelInfo},
		{"2026/01/05 12:00:00 [emerg] 6#6: no such directive", "6#6: no such directive", LevelCritical},
		{"2026/01/05 12:00:00 listening on :80", "listening on :80", LevelUnknown},
		{"ERROR: relation does not exist", "relation does not exist", LevelError},
		{"error in the middle", "error in the middle", LevelUnknown},
		{"10.0.0.1 - - [05/Jan/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200", "10.0.0.1 - - [05/Jan/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200", LevelUnknown},
		{`{"level":"error","ts":1,"msg":"store gone"}`, "store gone", LevelError},
		{`{"level":50,"time":1,"msg":"pino"}`, "pino", LevelError},
		{`{"PRIORITY":"x","MESSAGE":"journal"}`, "journal", LevelUnknown},
		{`{"a":1}`, `{"a":1}`, LevelUnknown},
		{`{broken}`, `{broken}`, LevelUnknown},
		{`time=2026-01-05T12:00:00Z level=warn msg="disk \"a\" slow" took=3s`, `disk "a" slow`, LevelWarning},
		{`msg=hello`, `msg=hello`, LevelUnknown},
		{"", "", LevelUnknown},
		{"\xff\xfe binary \x00", "\xff\xfe binary \x00", LevelUnknown},
	} {
		got := Parse(c.line)
		if got.Message != c.message || got.Level != c.level {
			t.Errorf("%q:\ngot  %q, level %v\nwant %q, level %v", c.line, got.Message, got.Level, c.message, c.level)
		}
	}
}

func TestWordsTellTheLevelWhereTheHeaderDoesNot(t *testing.T) {
	for message, want := range map[string]Level{
		"connection refused by peer": LevelError, "Segmentation fault: segfault at 0": LevelCritical,
		"warning: old protocol": LevelWarning, "all is well": LevelUnknown, "": LevelUnknown,
	} {
		if got := LevelOfWords(message); got != want {
			t.Errorf("%q: got %v, want %v", message, got, want)
		}
	}
}

const trails = `2026-01-05 12:00:00 INFO started
java.lang.IllegalStateException: no
	at a.B.c(B.java:1)
Caused by: java.io.IOException: gone
	... 12 more
2026-01-05 12:00:01 INFO next
Traceback (most recent call last):
  File "a.py", line 1, in <module>
ValueError: no

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 1, in f
KeyError: 'x'
next line
panic: boom

goroutine 1 [running]:
main.main()
	/a/main.go:3 +0x1
exit status 2
2026/01/05 12:00:02 restarted`

func TestTracesAreOneRecord(t *testing.T) {
	var j Joiner
	var heads []string
	for line := range strings.SplitSeq(trails, "\n") {
		if !j.Continues(line) {
			heads = append(heads, line[:min(len(line), 12)])
		}
	}
	want := []string{"2026-01-05 1", "java.lang.Il", "2026-01-05 1", "Traceback (m", "next line", "panic: boom", "2026/01/05 1"}
	if strings.Join(heads, "|") != strings.Join(want, "|") {
		t.Errorf("records begin with\n%q, want\n%q", heads, want)
	}
}

func TestARecordWithoutEndIsCut(t *testing.T) {
	var j Joiner
	heads := 0
	for range 10 * MaxJoined {
		if !j.Continues("  indented") {
			heads++
		}
	}
	if heads != 10 {
		t.Errorf("%d records, want 10", heads)
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{trails, `{"msg":"x","level":3}`, `a=b msg="x`, "[", "<12>Jan  5 x: y", "- 1117838570 2005.06.03 R02 RAS KERNEL INFO x", strings.Repeat("a", 1<<20)} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r := Parse(line)
		if r.Message == "" && strings.TrimSpace(line[:min(len(line), MaxBytes)]) != "" {
			t.Errorf("%.80q lost its message", line)
		}
		if len(r.Message) > max(len(line), MaxBytes) || utf8.ValidString(line) && len(line) < MaxBytes && !utf8.ValidString(r.Message) {
			t.Errorf("%.80q became %.80q", line, r.Message)
		}
		if r.Level > LevelCritical {
			t.Errorf("%.80q has level %d", line, r.Level)
		}
		var j Joiner
		j.Continues(line)
		j.Continues(line)
	})
}
