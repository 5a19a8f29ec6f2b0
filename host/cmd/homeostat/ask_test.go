package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/homeostat/homeostat/host/api"
)

var modification = regexp.MustCompile(`"modification_id":"(mod_[0-9a-f]+)"`)

// ask CODE METHOD PATH [BODY] sends a request over the socket s.sock, wants that status, and has the answer as its
// output. A path without a slash before it is one of changes; a body @FILE is that file. $MOD in a body is the last modification that an answer named; a body of 73MiB is that much of nothing.
func ask(ts *testscript.TestScript, _ bool, args []string) {
	body := ""
	if len(args) > 3 {
		body = os.Expand(args[3], ts.Getenv)
	}
	if body == "73MiB" {
		body = `{"reason":"` + strings.Repeat("x", 73<<20) + `"}`
	}
	if file, ok := strings.CutPrefix(body, "@"); ok {
		body = ts.ReadFile(file)
	}
	path := args[2]
	if !strings.HasPrefix(path, "/") {
		path = api.ModificationBase + "/" + path
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", ts.MkAbs("s.sock"))
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true, ExpectContinueTimeout: patience}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequest(args[1], "http://homeostat"+path, strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Expect", "100-continue") // so that what is too long is refused before it is sent
	res, err := (&http.Client{Transport: transport, Timeout: patience}).Do(req)
	ts.Check(err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	ts.Check(err)
	if m := modification.FindSubmatch(answer); m != nil {
		ts.Setenv("MOD", string(m[1]))
	}
	if fmt.Sprint(res.StatusCode) != args[0] {
		ts.Fatalf("%s %s: got %d, want %s: %s", args[1], args[2], res.StatusCode, args[0], answer)
	}
	ts.Check(os.WriteFile(ts.MkAbs("answer"), answer, 0o600))
	ts.Check(ts.Exec("cat", "answer"))
}
