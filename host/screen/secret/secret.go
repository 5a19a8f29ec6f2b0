// Package secret finds credentials in texts: by the forms that issuers give theirs, and by names that promise a secret
// with a value that looks like chance. It never repeats what it found.
//
// It is pure and may be used from several goroutines.
package secret

import (
	"math"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
)

type form struct {
	what    string
	pattern *pattern.Pattern
	// parts are texts of which each match holds one. To look for them first keeps long lines quick.
	parts []string
}

// forms are described in the documentation of the issuers.
var forms = []form{
	{"a private key", pattern.New(`-----BEGIN ((RSA|EC|DSA|OPENSSH|ENCRYPTED|PGP) )?PRIVATE KEY`), []string{"PRIVATE KEY"}},
	{"an access key of AWS", pattern.New(`\b(AKIA|ASIA|AGPA|AIDA|AROA)[0-9A-Z]{16}\b`), []string{"AKIA", "ASIA", "AGPA", "AIDA", "AROA"}},
	{"a token of GitHub", pattern.New(`\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})`), []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}},
	{"a token of GitLab", pattern.New(`\bgl(pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{20,}`), []string{"glpat-", "gldt-", "glrt-", "glptt-", "glsoat-"}},
	{"a token of Slack", pattern.New(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+`), []string{"xox", "hooks.slack.com"}},
	{"a key of Stripe", pattern.New(`\b[rs]k_(live|test)_[A-Za-z0-9]{16,}`), []string{"k_live_", "k_test_"}},
	{"a key of Google", pattern.New(`\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}`), []string{"AIza", "ya29.", "GOCSPX-"}},
	{"a key of an AI service", pattern.New(`\bsk-(ant-|proj-)?[A-Za-z0-9_-]{20,}`), []string{"sk-"}},
	{"a key of SendGrid, Mailgun or Twilio", pattern.New(`\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bkey-[0-9a-f]{32}\b|\b(SK|AC)[0-9a-f]{32}\b`), []string{"SG.", "key-", "SK", "AC"}},
	{"a token of a package registry", pattern.New(`\bnpm_[A-Za-z0-9]{36}|\bpypi-[A-Za-z0-9_-]{40,}|\brubygems_[0-9a-f]{40,}|dckr_pat_[A-Za-z0-9_-]{20,}`), []string{"npm_", "pypi-", "rubygems_", "dckr_pat_"}},
	{"a token of a host", pattern.New(`\bdo[opr]_v1_[0-9a-f]{50,}|\bhvs\.[A-Za-z0-9_-]{20,}|\bs\.[A-Za-z0-9]{24}\b|\bAccountKey=[A-Za-z0-9+/=]{40,}|\bshp(at|ca|pa|ss)_[0-9a-fA-F]{32}|\bglsa_[A-Za-z0-9]{20,}|\bhst_[A-Za-z0-9]+_[A-Za-z0-9_-]{30,}`), []string{"_v1_", "hvs.", "s.", "AccountKey=", "shpat_", "shpca_", "shppa_", "shpss_", "glsa_", "hst_"}},
	{"a token of a bot", pattern.New(`\b\d{8,10}:AA[A-Za-z0-9_-]{32,}|\b[MN][A-Za-z0-9]{23}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}`), []string{":AA", "."}},
	{"a signed token", pattern.New(`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`), []string{"eyJ"}},
	{"a password hash", pattern.New(`\$(2[aby]|6|5|1|y|argon2id?)\$[A-Za-z0-9./$=,]{16,}`), []string{"$"}},
}

// inAddress is a password within an address.
var inAddress = pattern.New(`\b[a-z][a-z0-9+.-]*://[^\s:/@'"]*:([^\s:/@'"]{3,})@`)

// named is a name that promises a secret, and its value.
var named = pattern.New(`(?i)["']?([\w.-]*(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|auth[_-]?key|private[_-]?key|client[_-]?secret|credential|encryption[_-]?key|signing[_-]?key|passphrase)[\w-]*)["']?\s*(?::=|=>|=|:)\s*(["']?)([^\s"',;]{4,})`)

// promises are in each name that promises a secret; to look for them first is much quicker.
var promises = []string{"passw", "pwd", "secret", "token", "key", "credential", "passphrase"}

// header is a secret in a header of HTTP.
var header = pattern.New(`(?i)authorization\s*[:=]\s*["']?(basic|bearer|token)\s+([A-Za-z0-9+/_.=-]{12,})`)

// placeholder is a value that stands for another, or is a name, a path, a setting.
var placeholder = pattern.New(`(?i)^(\$|%|<|\{|\[|\*|x{3,}|\.{3}|/|\./|~|@|!|&)|\$\{|\{\{|example|change[_-]?me|placeholder|your[_-]|dummy|redacted|<.*>|^(true|false|none|null|nil|yes|no|required|optional|disabled|enabled|undefined|string|bool|int|bearer|basic|prompt|file|md5|scram-sha-256|password|secret|token|env|process\.env.*|os\.(environ|getenv).*|getenv.*|vault:.*|config\..*|self\..*|this\..*|settings\..*|secrets?\..*|ssm:.*|arn:.*|sops:.*|enc\[.*|ref\+.*|args?\..*|req\..*|params.*|var\..*|data\..*|module\..*|random_\w+\..*|Optional.*|str|func.*|new\w*\(.*|\w+\(.*\)?)$`)

// setting are names that contain such a word and hold no secret.
var setting = pattern.New(`(?i)(_?(file|path|dir|url|uri|name|id|len|length|min|max|size|ttl|expiry|expires?|timeout|age|type|policy|algorithm|auth|authentication|field|key_?ref|ref|count|limit|header|store|manager|prompt|command|helper|endpoint|hash_?rounds|rotation|reset|enabled|required|_in|s)|tokens?|tokenizer)$|^(load|import)credential`)

const (
	chanceLong  = 3.5 // bits a character of a value that looks like chance, from 16 characters on
	chanceShort = 2.5 // of a shorter value
	longFrom    = 16
	shortFrom   = 6
)

// Find returns the lines that hold a credential, each once, with what it is and never the credential.
func Find(text string) []risk.Finding {
	var found []risk.Finding
	for i, line := range strings.Split(text, "\n") {
		if what, ok := inLine(line); ok {
			found = append(found, risk.Finding{Line: i + 1, Rule: "secret.found", Text: what, Level: risk.High})
		}
	}
	return found
}

func inLine(line string) (string, bool) {
	for _, f := range forms {
		if !holdsAny(line, f.parts) {
			continue
		}
		if m := f.pattern.FindString(line); m != "" && !strings.Contains(m, "EXAMPLE") {
			return f.what, true
		}
	}
	if strings.Contains(line, "://") {
		if m := inAddress.FindStringSubmatch(line); m != nil && !placeholder.MatchString(m[1]) {
			return "a password within an address", true
		}
	}
	lower := strings.ToLower(line)
	if strings.Contains(lower, "authorization") {
		if m := header.FindStringSubmatch(line); m != nil && Entropy(m[2]) >= chanceShort {
			return "a credential in a header", true
		}
	}
	if !holdsAny(lower, promises) {
		return "", false
	}
	for _, m := range named.FindAllStringSubmatch(line, -1) {
		if looksSecret(m[1], m[2], m[3]) {
			return "a value named " + risk.Excerpt(m[1]), true
		}
	}
	return "", false
}

func holdsAny(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
}

// looksSecret says that the value of a name is a secret and not a setting. A value in quotes may be a word.
func looksSecret(name, quote, value string) bool {
	value = strings.TrimRight(value, ")]}")
	if placeholder.MatchString(value) || (setting.MatchString(name) && !quotedPassword(name, quote)) || len(value) < shortFrom {
		return false
	}
	entropy := Entropy(value)
	if len(value) >= longFrom {
		return entropy >= chanceLong || quotedPassword(name, quote) && entropy >= chanceShort
	}
	return entropy >= chanceShort-0.3 && (quotedPassword(name, quote) || strings.ContainsAny(value, "0123456789!@#%^&*"))
}

func quotedPassword(name, quote string) bool {
	name = strings.ToLower(name)
	return quote != "" && (strings.HasSuffix(name, "password") || strings.HasSuffix(name, "passwd") || strings.HasSuffix(name, "pwd") || strings.HasSuffix(name, "secret"))
}

// Entropy is the Shannon entropy of the characters of a text, in bits a character: 0 for one letter repeated, at most
// the logarithm of the number of different characters.
func Entropy(text string) float64 {
	counts, total := map[rune]float64{}, 0.0
	for _, r := range text {
		counts[r]++
		total++
	}
	bits := 0.0
	for _, n := range counts {
		bits -= n / total * math.Log2(n/total)
	}
	return bits
}
