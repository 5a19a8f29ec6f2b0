package loglevel

import (
	"strings"
	"testing"
)

func TestErrorsAreTold(t *testing.T) {
	for _, line := range []string{
		"2026-01-02 15:04:05 ERROR cannot reach store",
		"2026-01-02T15:04:05.000Z [ERROR] web: store is gone",
		"2026/01/02 15:04:05 [error] 12#12: *1 connect() failed (111: Connection refused)",
		`{"time":"2026-01-02","level":"error","msg":"x"}`,
		`{"msg":"level up","severity": "CRITICAL"}`,
		`{"level":50,"msg":"pino"}`,
		`{"@level":"error","@message":"hclog"}`,
		`time=2026-01-02 level=error msg="x"`,
		`ts=1 lvl=eror msg=x`,
		"<3>kernel: something", "<11>Jan  2 web: x",
		"E0102 15:04:05.000000 1 main.go:3] klog", "F0102 15:04:05.000000 1 main.go:3] klog",
		"error: no such file", "fatal: not a repository", "panic: runtime error: index out of range",
		"web: error: cannot bind", "Traceback (most recent call last):", "ValueError: invalid literal",
		"fatal error: all goroutines are asleep - deadlock!", "java.lang.IllegalStateException: no",
		"Exception in thread \"main\" java.lang.Error", "[crit] disk full", "CRITICAL - host down", "12:M 02 Jan * PANIC x",
	} {
		if !IsError(line) {
			t.Errorf("%q: not told as an error", line)
		}
	}
}

func TestHarmlessLinesAreNotErrors(t *testing.T) {
	for _, line := range []string{
		"", "listening on :8080", "INFO request done, no error", "2026-01-02 INFO retry after ERROR in store",
		"[notice] 1#1: signal 15 (SIGTERM) received", `{"level":"info","msg":"error: none"}`, `{"level":30,"err":null}`,
		`level=warn msg="ERROR budget is low"`, "<6>kernel: error was cleared", "W0102 15:04:05.000000 1 x.go:1] ERROR",
		"0 errors, 3 warnings", "GET /error HTTP/1.1 200", "GET /api/ERROR 200", "no error found", "the error rate is 0",
		"connect errors_total=0", "log_errors_per_second 3", "ERROR_CODE=0", "warning: low disk", "DEBUG fatal path not taken",
		"127.0.0.1 - - [02/Jan/2026] \"GET / HTTP/1.1\" 500 12", strings.Repeat("x ", Scanned) + "ERROR",
	} {
		if IsError(line) {
			t.Errorf("%q: told as an error", line)
		}
	}
}

func FuzzAnyLineCanBeJudged(f *testing.F) {
	for _, s := range []string{"<", "<9", "<3>", "level=", `"level":`, "E0102", "[", "[error"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if IsError(line) != IsError(line[:min(len(line), Scanned)]) {
			t.Errorf("%q: what lies beyond %d bytes decides", line, Scanned)
		}
	})
}

func BenchmarkIsError(b *testing.B) {
	lines := []string{
		"2026-01-02T15:04:05.000Z INFO  web request done method=GET path=/api/items status=200 duration=1.2ms",
		`{"time":"2026-01-02T15:04:05Z","level":"info","msg":"request done","status":200,"path":"/api/items"}`,
		"127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] \"GET /api/items HTTP/1.1\" 200 512 \"-\" \"curl/8.0\"",
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		IsError(lines[i%len(lines)])
	}
}
