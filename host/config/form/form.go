// Package form owns the texts of the configuration that have a form of their own: names, addresses, percentages, sizes and
// the like. Each type reads its text strictly by UnmarshalText, says by Form what people call it, and shows by String or by
// itself what it read. It reads nothing else; all of it is pure.
package form

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Name is the name of a component, a root, a parameter or a plugin: lower-case letters, digits, "_" and "-", at most 63
// bytes, beginning with a letter.
type Name string

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// UnmarshalText keeps the text even where its form is refused, so that keys that refer to it are not called wrong too.
func (n *Name) UnmarshalText(text []byte) error {
	*n = Name(text)
	if !nameForm.Match(text) {
		return fmt.Errorf("%q is not a name: use lower-case letters, digits, _ and -, at most 63, beginning with a letter", text)
	}
	return nil
}

// Address is a host and a port, such as "127.0.0.1:8080" or "[::1]:8080".
type Address string

// UnmarshalText refuses a text without a host or without a port from 1 to 65535.
func (a *Address) UnmarshalText(text []byte) error {
	host, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return fmt.Errorf("%q is not an address such as %q", text, "127.0.0.1:8080")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return fmt.Errorf("%q has no port from 1 to 65535", text)
	}
	if host == "" || strings.ContainsAny(host, " /\t") {
		return fmt.Errorf("%q has no host; write 0.0.0.0 or [::] for all of them", text)
	}
	*a = Address(text)
	return nil
}

// URL is an absolute http or https address.
type URL string

// UnmarshalText refuses other schemes, a missing host, and a user in the address.
func (u *URL) UnmarshalText(text []byte) error {
	parsed, err := url.Parse(string(text))
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return fmt.Errorf("%q is not an http or https address such as %q", text, "http://127.0.0.1:9100/health")
	}
	if parsed.User != nil {
		return fmt.Errorf("the address holds a user or password, which would show in logs")
	}
	*u = URL(text)
	return nil
}

// Digest is a SHA-256 in lower-case hexadecimal.
type Digest string

// UnmarshalText refuses anything but 64 hexadecimal digits.
func (d *Digest) UnmarshalText(text []byte) error {
	const sha256Bytes = 32
	sum, err := hex.DecodeString(string(text))
	if err != nil || len(sum) != sha256Bytes {
		return fmt.Errorf("%q is not a SHA-256 of 64 hexadecimal digits; sha256sum prints it", text)
	}
	*d = Digest(strings.ToLower(string(text)))
	return nil
}

// Pattern is a regular expression in Go's syntax (RE2).
type Pattern string

// UnmarshalText refuses what does not compile.
func (p *Pattern) UnmarshalText(text []byte) error {
	if _, err := regexp.Compile(string(text)); err != nil {
		return fmt.Errorf("%q is not a regular expression: %w", text, err)
	}
	*p = Pattern(text)
	return nil
}

// Unit is the name of a unit of systemd with its suffix.
type Unit string

var unitForm = regexp.MustCompile(`^[A-Za-z0-9:_.\\@-]{1,240}\.(service|socket|timer|target|mount|path|scope|slice)$`)

// UnmarshalText refuses a name without one of systemd's suffixes.
func (u *Unit) UnmarshalText(text []byte) error {
	if !unitForm.Match(text) {
		return fmt.Errorf("%q is not the name of a unit such as %q", text, "nginx.service")
	}
	*u = Unit(text)
	return nil
}

// StatusRange is a range of HTTP status codes, both ends included, written "200" or "200-399".
type StatusRange struct{ From, To int }

// UnmarshalText refuses codes outside 100 to 599 and ranges that end before they begin.
func (r *StatusRange) UnmarshalText(text []byte) error {
	from, to, isRange := strings.Cut(string(text), "-")
	if !isRange {
		to = from
	}
	low, errLow := strconv.Atoi(from)
	high, errHigh := strconv.Atoi(to)
	if errLow != nil || errHigh != nil || low < 100 || high > 599 || low > high {
		return fmt.Errorf("%q is not a range of status codes such as %q", text, "200-399")
	}
	*r = StatusRange{From: low, To: high}
	return nil
}

// String returns the form that UnmarshalText reads.
func (r StatusRange) String() string {
	if r.From == r.To {
		return strconv.Itoa(r.From)
	}
	return strconv.Itoa(r.From) + "-" + strconv.Itoa(r.To)
}

// Form names the values of the type.
func (Name) Form() (noun, sample string) { return "name", "web" }

// Form names the values of the type.
func (Address) Form() (noun, sample string) { return "address", "127.0.0.1:8080" }

// Form names the values of the type.
func (URL) Form() (noun, sample string) { return "web address", "http://127.0.0.1:9100/health" }

// Form names the values of the type.
func (Digest) Form() (noun, sample string) { return "SHA-256", "9f86d081…" }

// Form names the values of the type.
func (Pattern) Form() (noun, sample string) { return "regular expression", "^nginx: master" }

// Form names the values of the type.
func (Unit) Form() (noun, sample string) { return "name of a unit", "nginx.service" }

// Form names the values of the type.
func (StatusRange) Form() (noun, sample string) { return "range of status codes", "200-399" }
