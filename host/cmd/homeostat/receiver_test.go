package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// receive ADDRESS is a receiver of webhooks. It answers with the status in the file "status" and appends what it takes to
// "received", if the signature is right by the secret in "hook.secret".
func receive() {
	http.HandleFunc("POST /hook/secret-path", func(w http.ResponseWriter, r *http.Request) {
		text, err := os.ReadFile("status")
		status, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		body, bodyErr := io.ReadAll(r.Body)
		switch {
		case err != nil || bodyErr != nil || status == 0:
			status = http.StatusTeapot
		case !signed(r.Header, body):
			status = http.StatusForbidden
		case status == http.StatusOK:
			f, err := os.OpenFile("received", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err == nil {
				fmt.Fprintf(f, "%s\n", body)
				f.Close()
			}
		}
		w.WriteHeader(status)
		fmt.Fprintln(w, "seen")
	})
	fmt.Println(http.ListenAndServe(os.Args[1], nil))
}

// signed checks a signature as the specification of Standard Webhooks says.
func signed(h http.Header, body []byte) bool {
	secret, err := os.ReadFile("hook.secret")
	if err != nil {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(secret)), "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "."))
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(want), []byte(h.Get("webhook-signature")))
}

var answerURL = regexp.MustCompile(`"answer_url":"([^"]+)"`)

// answer CODE [KEY=VALUE...] follows the link of the last question that was received, and posts what is given there.
func answer(ts *testscript.TestScript, _ bool, args []string) {
	links := answerURL.FindAllStringSubmatch(ts.ReadFile("received"), -1)
	if len(links) == 0 {
		ts.Fatalf("no link was received")
	}
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Timeout: patience}
	link, form := links[len(links)-1][1], url.Values{}
	for _, pair := range args[1:] {
		key, value, _ := strings.Cut(pair, "=")
		form.Set(key, value)
	}
	ask := func() (*http.Response, error) { return client.Get(link) }
	if len(form) > 0 {
		ask = func() (*http.Response, error) { return client.PostForm(link, form) }
	}
	res, err := ask()
	ts.Check(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	ts.Check(err)
	if fmt.Sprint(res.StatusCode) != args[0] {
		ts.Fatalf("got %d, want %s: %s", res.StatusCode, args[0], text)
	}
	ts.Check(os.WriteFile(ts.MkAbs("answer"), text, 0o600))
	ts.Check(ts.Exec("cat", "answer"))
}
