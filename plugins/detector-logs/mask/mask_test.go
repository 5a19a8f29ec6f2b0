package mask

import (
	"strings"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestVariablesAreMasked(t *testing.T) {
	for line, want := range map[string]string{
		"Received block blk_-38650 of size 67108864 from /10.251.42.84": "Received block <*> of size <*> from <*>",
		"sent 1190 bytes (1.16 KB) in <1 sec":                           "sent <*> in <<*>",
		"close, 403 bytes sent":                                         "close, <*> sent",
		"GET http://a.example/x?y=1 done":                               "GET <*> done",
		"open C:\\Windows\\x.log now":                                   "open <*> now",
		"from ff:ee:dd:cc:bb:aa to fe80::1":                             "from <*> to <*>",
		"mail from root@host.example refused":                           "mail from <*> refused",
		"rhost=mail.example.org user=root":                              "rhost=<*> user=root",
		"logger org.apache.spark.Network started":                       "logger org.apache.spark.Network started",
		"jk2_init() Found child 6725 in slot 10":                        "jk2_init() Found child <*> in slot <*>",
		"enable......0":                                                 "enable......<*>",
		"torus z+ wire, torus z- wire":                                  "torus z+ wire, torus z- wire",
		"at Sun Dec 04 04:47:44 2005":                                   "at <*>",
		"the May release":                                               "the May release",
		"flag is true":                                                  "flag is <*>",
		"host 'web1' and \"a name\"":                                    "host '<*>' and \"a name\"",
		`tag="View Lock" msg="went away"`:                               `tag="<*>" msg="went away"`,
		"it's John's":                                                   "it's John's",
		"load ./lib/x.so failed":                                        "load <*> failed",
		"deadbeefcafe is hex, defaced is not":                           "<*> is hex, defaced is not",
		"":                                                              "",
		"  \t ":                                                         "  \t ",
		"...":                                                           "...",
		"größe 5 MB":                                                    "größe <*>",
	} {
		var m Masker
		m.Scan(line)
		if got := m.Template(); got != want {
			t.Errorf("%q became\n%q, want\n%q", line, got, want)
		}
	}
}

func TestLinesOfOneStatementHaveOneKey(t *testing.T) {
	for _, pair := range [][2]string{
		{"ask 10.0.0.1:50 to delete blk_1 blk_2 blk_3", "ask 10.0.0.2:50 to delete blk_9"},
		{"close, 403 bytes sent, 10 bytes received", "close, 1190 bytes (1.16 KB) sent, 1671 bytes (1.63 KB) received"},
		{"steps = 1##2##3", "steps = 4"},
	} {
		var a, b Masker
		if x, y := string(a.Scan(pair[0])), string(b.Scan(pair[1])); x != y {
			t.Errorf("%q\nand %q\nhave keys %q and %q", pair[0], pair[1], x, y)
		}
	}
}

func TestLongLinesAreCut(t *testing.T) {
	var m Masker
	m.Scan(strings.Repeat("word ", 1<<18))
	if len(m.Tokens) > MaxTokens || len(m.Key()) > MaxBytes+MaxTokens {
		t.Errorf("%d tokens, a key of %d bytes", len(m.Tokens), len(m.Key()))
	}
}

func FuzzScan(f *testing.F) {
	for _, line := range []string{"a b=1 'x y' \"z\" /a/b http://x ff:ff Jan 5 1 KB", "\xff\xfe", "=\"", "a:\\", "..", "./", strings.Repeat("1 a ", 1000)} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var m Masker
		key := string(m.Scan(line))
		at := 0
		for i, token := range m.Tokens {
			if token.Start < at || token.End <= token.Start || token.End > len(line) {
				t.Fatalf("%q: token %d is %+v behind %d", line, i, token, at)
			}
			if i > 0 && token.Variable && m.Tokens[i-1].Variable {
				t.Fatalf("%q: two variables side by side", line)
			}
			at = token.End
		}
		if n := strings.Count(key, " "); n < len(m.Tokens) {
			t.Fatalf("%q: %d words in the key for %d tokens", line, n, len(m.Tokens))
		}
		if text := m.Template(); utf8.ValidString(line) && len(line) <= MaxBytes && !utf8.ValidString(text) {
			t.Fatalf("%q became %q", line, text)
		}
		if again := string(m.Scan(line)); again != key {
			t.Fatalf("%q: key %q, then %q", line, key, again)
		}
	})
}
