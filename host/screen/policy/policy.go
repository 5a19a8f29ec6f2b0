// Package policy judges settings by their key: those of sshd, sudoers, units of systemd, cron, nginx and of common
// configuration files, that open the host or drop a guard.
//
// It is pure and may be used from several goroutines.
package policy

import (
	"strings"
	"unicode"

	"github.com/homeostat/homeostat/host/filekind"
	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
)

// setting is a line of a file that a person might want to know of.
type setting struct {
	pattern *pattern.Pattern
	text    string
	level   risk.Level
}

func line(text string) *pattern.Pattern { return pattern.New(`(?i)^\s*` + text) }

// settings by kind. Keys and values are those of the manuals.
var settings = map[filekind.Kind][]setting{
	filekind.SSHD: {
		{line(`PermitRootLogin\s*[\s=]\s*"?yes`), "root may log in with a password", risk.High},
		{line(`PermitEmptyPasswords\s*[\s=]\s*"?yes`), "empty passwords are enough", risk.Critical},
		{line(`PasswordAuthentication\s*[\s=]\s*"?yes`), "passwords are enough", risk.Medium},
		{line(`(AuthorizedKeysCommand|ForceCommand|ProxyCommand)\s+(/tmp|/dev/shm|.*\b(sh|curl|nc|wget)\b)`), "a command of sshd", risk.High},
		{line(`AuthorizedKeysFile\s.*(/tmp|/etc/|/dev/shm|/var/tmp)`), "keys in an unusual place", risk.High},
		{line(`AuthorizedKeysCommand\s+/`), "a command that says whose key is good", risk.Medium},
		{line(`StrictModes\s+no`), "modes of key files are not looked at", risk.High},
		{line(`UsePAM\s+no`), "sshd without PAM", risk.Medium},
		{line(`PermitUserEnvironment\s+yes`), "users give variables to sshd", risk.High},
		{line(`(GatewayPorts|PermitTunnel)\s+(yes|clientspecified)`), "ports of clients for the whole network", risk.High},
		{line(`LogLevel\s+QUIET`), "sshd records nothing", risk.High},
		{line(`(Ciphers|MACs|KexAlgorithms)\s.*(cbc|arcfour|3des|hmac-md5|group1-sha1|hmac-sha1-96|none)`), "weak cryptography", risk.High},
		{line(`HostbasedAuthentication\s+yes|IgnoreRhosts\s+no`), "hosts are trusted by name", risk.High},
		{line(`Protocol\s+.*1`), "an old protocol", risk.High},
		{line(`PubkeyAuthentication\s+no`), "keys are not enough any more", risk.Medium},
		{line(`(AllowUsers|DenyUsers|AllowGroups|Match|ListenAddress|Port)\s`), "who may log in, or where", risk.Low},
		{line(`PermitTTY|X11Forwarding\s+yes|AllowTcpForwarding\s+yes|AllowAgentForwarding\s+yes`), "forwarding", risk.Low},
		{line(`Subsystem\s.*(/tmp|/dev/shm|\bsh\b)`), "a command of sshd", risk.High},
		{line(`MaxAuthTries\s+\d{3,}|LoginGraceTime\s+0`), "endless attempts", risk.Medium},
	},
	filekind.Sudoers: {
		{line(`[^#D].*NOPASSWD\s*:\s*ALL`), "everything without a password", risk.High},
		{line(`[^#D].*NOPASSWD\s*:.*(/(ba|da|z|k)?sh\b|/vim?\b|/less\b|/find\b|/python|/perl|/env\b|/awk|/nano|/tar\b|/docker|/chmod|/chown|/tee\b|/dd\b|/cp\b|\*|!)`), "a command that gives everything, without a password", risk.High},
		{line(`Defaults.*(!authenticate|!requiretty.*!|env_keep.*(LD_PRELOAD|LD_LIBRARY_PATH|PYTHONPATH|BASH_ENV|PATH)|!env_reset|!log|timestamp_timeout\s*=\s*-1|!secure_path|visiblepw|!syslog)`), "a guard of sudo is off", risk.High},
		{line(`(ALL|%?\w*\\?\w+)\s+ALL\s*=\s*\(?(ALL|root)?[^)]*\)?\s*(NOPASSWD:|SETENV:)?\s*ALL`), "everything for somebody", risk.High},
		{line(`[^#D].*SETENV`), "variables of the caller", risk.High},
		{line(`[^#D].*=.*`), "a command as another user", risk.Medium},
		{line(`[#@]include(dir)?\s+(/tmp|/home|/var/tmp|/dev/shm)`), "rules from where users write", risk.Critical},
	},
	filekind.Unit: {
		{line(`(Environment|PassEnvironment)\s*=.*LD_(PRELOAD|LIBRARY_PATH|AUDIT)`), "a library loaded first", risk.High},
		{line(`(NoNewPrivileges|ProtectSystem|ProtectHome|PrivateTmp|ProtectKernel\w*|RestrictSUIDSGID|LockPersonality|PrivateDevices|ProtectControlGroups|RestrictNamespaces|RestrictRealtime|ProtectClock|ProtectHostname)\s*=\s*(no|false|off|0)\s*$`), "a guard is off", risk.Medium},
		{line(`AmbientCapabilities\s*=.*CAP_(SYS_ADMIN|SYS_MODULE|SYS_PTRACE|DAC_OVERRIDE|SETUID|SYS_RAWIO)`), "capabilities of root", risk.High},
		{line(`Exec\w+\s*=\s*[-@:+!|]*(/tmp|/var/tmp|/dev/shm)`), "starts a program from where everybody writes", risk.High},
		{line(`Exec\w+\s*=\s*[-@:]*[+!]`), "starts with all rights", risk.Medium},
		{line(`User\s*=\s*(root|0)\s*$`), "runs as root", risk.Medium},
		{line(`(RootDirectory|RootImage|BindPaths|BindReadOnlyPaths)\s*=\s*(/tmp|.*docker\.sock|/\s*$|/:)`), "another root, or all of this one", risk.High},
		{line(`OOMScoreAdjust\s*=\s*-1000|StartLimitInterval(Sec)?\s*=\s*0`), "no limits", risk.Medium},
		{line(`EnvironmentFile\s*=.*(/tmp|/dev/shm)`), "variables from where everybody writes", risk.High},
		{line(`ListenStream\s*=\s*(0\.0\.0\.0|\[::\])`), "listens to the whole network", risk.Medium},
		{line(`(SocketMode)\s*=\s*0?666|(SocketMode)\s*=\s*0?777`), "a socket for everybody", risk.Medium},
		{line(`UMask\s*=\s*0?000`), "files for everybody", risk.High},
	},
	filekind.Nginx: {
		{line(`.*\bautoindex\s+on`), "lists folders", risk.Medium},
		{line(`.*\b(root|alias)\s+/(etc|root|home|proc|var|usr)?/?\s*;`), "serves a folder of the system", risk.High},
		{line(`.*\bssl_protocols\s.*(SSLv[23]|TLSv1(\.1)?\s*[; ])`), "old TLS", risk.High},
		{line(`.*\bproxy_pass\s+\S*\$(arg_|http_|request_uri|host\b|uri)`), "sends clients wherever they say", risk.High},
		{line(`.*\b(return|rewrite)\s.*\$(uri|document_uri)\b.*(http|redirect|permanent)|.*return\s+30[12]\s+https?://\$arg_`), "a redirect made of what the client says", risk.Medium},
		{line(`.*\bproxy_ssl_verify\s+off|.*\bssl_verify_client\s+off`), "does not check whom it speaks to", risk.Medium},
		{line(`.*\b(allow\s+all|satisfy\s+any)`), "lets everybody in", risk.Medium},
		{line(`.*\bserver_tokens\s+on|.*\badd_header\s+Access-Control-Allow-Origin\s+\*`), "tells more than it must", risk.Low},
		{line(`.*\buser\s+root`), "runs as root", risk.High},
		{line(`.*\b(load_module|perl_set|js_include|content_by_lua|access_by_lua|lua_package_path)\b`), "code within nginx", risk.Medium},
		{line(`.*\b(access_log|error_log)\s+(off|/dev/null)`), "records nothing", risk.Medium},
		{line(`.*\b(dav_methods|client_body_in_file_only)\s+.*(PUT|DELETE|on)`), "lets clients write", risk.High},
		{line(`.*\bssl_ciphers\s.*(NULL|EXPORT|RC4|MD5|DES|aNULL)[^!]*;`), "weak cryptography", risk.Medium},
		{line(`.*\bstub_status\b|.*\bdisable_symlinks\s+off|.*\bmerge_slashes\s+off`), "tells or serves more than it must", risk.Low},
	},
}

// anywhere are settings of configuration files of any kind.
var anywhere = []setting{
	{line(`["']?[\w.-]*(verify|tls_verify|ssl_verify|verify_ssl|verify_peer|check_hostname|strict_host_key\w*|validate_certs|sslverify)["']?\s*[:=]\s*["']?(false|no|off|0|none)\b`), "does not check whom it speaks to", risk.High},
	{line(`["']?(insecure|skip_?verify|insecure_skip_verify|tls_insecure|allow_insecure|allow_anonymous|anonymous_enabled|trust_all)["']?(\s*[:=]\s*|\s+)["']?(true|yes|on|1)\b`), "does not check whom it speaks to", risk.High},
	{line(`-?\s*["']?(privileged|hostPID|hostIPC|hostNetwork|allowPrivilegeEscalation)["']?\s*:\s*true`), "a container that can take the host", risk.High},
	{line(`-?\s*["']?/(var/run/docker\.sock|run/docker\.sock|etc|root|proc|sys|)["']?\s*:\s*/|\s*-?\s*["']?/var/run/docker\.sock|(hostPath|path):\s*["']?/(etc|root|proc|var/run/docker\.sock)?["']?\s*$`), "a container with folders of the host", risk.High},
	{line(`-?\s*["']?(SYS_ADMIN|SYS_PTRACE|SYS_MODULE|ALL|NET_ADMIN)["']?\s*$|cap_add\s*:.*(ALL|SYS_)`), "capabilities of root", risk.High},
	{line(`["']?(auth|authentication|auth_enabled|authorization|security\.enabled|xpack\.security\.enabled|require_?auth|enable_?auth|csrf_protection)["']?\s*[:=]\s*["']?(false|no|off|none|disabled|0|trust)\b`), "nobody is asked who they are", risk.High},
	{line(`(local|host|hostssl|hostnossl)\s+\S+\s+\S+.*\strust\s*$`), "nobody is asked for a password", risk.High},
	{line(`(protected-mode\s+no|requirepass\s+""|enable-debug-command\s+yes|skip-grant-tables|skip_networking\s*=\s*0|local_infile\s*=\s*1|secure_file_priv\s*=\s*["']{2}|require_secure_transport\s*=\s*off)`), "a database without its guard", risk.High},
	{line(`["']?(bind|bind_ip|bind-address|bind_address|listen|listen_addresses|host|address|network\.host|http_addr)["']?\s*[:= ]\s*["']?(0\.0\.0\.0|\*|\[?::\]?)["']?`), "listens to the whole network", risk.Medium},
	{line(`["']?(debug|debug_mode|app_debug|display_errors|allow_url_include|expose_php|register_globals)["']?\s*[:=]\s*["']?(true|yes|on|1)\b`), "a debugger for clients", risk.Medium},
	{line(`SELINUX\s*=\s*(disabled|permissive)|["']?(selinux|apparmor|firewall|audit|auditd|antivirus|seccomp)["']?\s*[:=]\s*["']?(disabled|off|false|unconfined|permissive|no)\b|enforcing\s*=\s*0`), "a guard of the system is off", risk.High},
	{line(`["']?(log_?level|logging|audit_?log|log_enabled|general_log)["']?\s*[:=]\s*["']?(off|none|false|disabled)\b`), "records nothing", risk.Medium},
	{line(`["']?(disable_functions|open_basedir)["']?\s*=\s*["']?\s*["']?\s*$`), "PHP without its guard", risk.High},
	{line(`["']?(tls|ssl|tls_enabled|ssl_enabled|sslmode|use_tls|use_ssl|https|require_ssl)["']?\s*[:=]\s*["']?(false|off|disable|no|0|disabled)\b`), "speaks in the clear", risk.Medium},
	{line(`["']?(tls_?min(_?version)?|min_?tls(_?version)?|min_version|ssl_version|ssl_protocol\w*|minimum_protocol\w*)["']?\s*[:=]\s*["']?(sslv?[23]|tls_?v?1(\.[01])?|1(\.[01])?)["']?\s*$`), "old TLS", risk.High},
	{line(`["']?(cors_?\w*origins?|access-control-allow-origin|allowed_hosts|allowed_origins)["']?\s*[:=]\s*\[?["']?\*`), "every page may ask", risk.Medium},
	{line(`["']?(run_?as_?user|runAsUser|user|uid)["']?\s*[:=]\s*["']?(0|root)["']?\s*$|runAsNonRoot:\s*false|readOnlyRootFilesystem:\s*false`), "runs as root", risk.Medium},
	{line(`["']?Action["']?\s*:\s*\[?\s*["']\*["']|["']?Principal["']?\s*:\s*(\{\s*["']?AWS["']?\s*:\s*)?["']\*["']|verbs:\s*\[?["']\*["']|resources:\s*\[?["']\*["']|acl\s*[:=]\s*["']?public-read(-write)?|cidr_blocks\s*=\s*\["0\.0\.0\.0/0"\]|["']?publicly_accessible["']?\s*[:=]\s*true`), "everything for everybody", risk.High},
	{line(`["']?[\w]*password["']?\s*[:=]\s*["']?(admin|root|password|123456|changeme|guest|letmein|toor|default|secret)["']?\s*$`), "a password that everybody knows", risk.High},
	{line(`["']?(pre_?exec|post_?exec|on_connect|init_command|hook|command|exec|post_?install|preinstall)["']?\s*[:=]\s*.*(\|\s*(ba)?sh\b|/dev/tcp|curl\s.*\||base64\s+-d|rm -rf /)`), "a command that fetches or destroys", risk.High},
	{line(`net\.ipv4\.(ip_forward|conf\.all\.(accept_redirects|accept_source_route))\s*=\s*1|kernel\.(randomize_va_space|yama\.ptrace_scope|kptr_restrict|dmesg_restrict)\s*=\s*0|kernel\.core_pattern\s*=\s*\||fs\.suid_dumpable\s*=\s*[12]|net\.ipv4\.tcp_syncookies\s*=\s*0`), "the kernel without its guard", risk.High},
	{line(`(auth|account|password|session)\s+(sufficient|required)\s+(pam_permit|pam_exec)\.so`), "PAM lets everybody in, or runs a command", risk.Critical},
	{line(`(max_connections|maxclients|ulimit|nofile|LimitNOFILE)\s*[:=]\s*["']?(0|-1)\b`), "no limits", risk.Medium},
}

// guard is a setting whose absence is worth a word when it was there before.
var guard = pattern.New(`(?i)^\s*(NoNewPrivileges|ProtectSystem|ProtectHome|PrivateTmp|PrivateDevices|CapabilityBoundingSet|SystemCallFilter|RestrictAddressFamilies|ReadOnlyPaths|MemoryMax|MemoryDenyWriteExecute|PermitRootLogin\s+no|PasswordAuthentication\s+no|PermitEmptyPasswords\s+no|AllowUsers|AllowGroups|DenyUsers|Defaults\s+(use_pty|requiretty|env_reset|secure_path|logfile)|limit_req|limit_conn|auth_basic|deny\s+all|auth_request|ssl_verify_client\s+on|modsecurity\s+on|requirepass\s+\S|protected-mode\s+yes|runAsNonRoot:\s*true|readOnlyRootFilesystem:\s*true)`)

// Judge returns the settings of a file that a person might want to know of, by line.
func Judge(kind filekind.Kind, text string) []risk.Finding {
	list, ok := settings[kind]
	switch kind {
	case filekind.Other, filekind.JSON, filekind.TOML, filekind.YAML, filekind.INI:
		list = anywhere
	default:
		if !ok {
			return nil
		}
	}
	var found []risk.Finding
	for i, l := range strings.Split(text, "\n") {
		if trimmed := strings.TrimSpace(l); trimmed == "" || trimmed[0] == ';' || (trimmed[0] == '#' && !strings.HasPrefix(trimmed, "#include")) || strings.HasPrefix(trimmed, "//") {
			continue
		}
		if f, ok := judgeLine(list, l); ok {
			f.Line = i + 1
			found = append(found, f)
		}
	}
	return found
}

// judgeLine gives the worst that a line sets.
func judgeLine(list []setting, l string) (risk.Finding, bool) {
	worst := risk.Finding{}
	for _, s := range list {
		if s.level > worst.Level && s.pattern.MatchString(l) {
			worst = risk.Finding{Rule: "policy.setting", Text: s.text + ": " + risk.Excerpt(l), Level: s.level}
		}
	}
	return worst, worst.Level > risk.None
}

// Dropped returns the guards that were set before and are not any more. The findings have no line: it is gone.
func Dropped(kind filekind.Kind, before, after string) []risk.Finding {
	if kind == filekind.Go || kind == filekind.Shell || kind == filekind.SQL || kind == filekind.Script {
		return nil
	}
	if before == "" {
		return nil
	}
	left := map[string]bool{}
	for _, l := range strings.Split(after, "\n") {
		left[key(l)] = true
	}
	var found []risk.Finding
	for _, l := range strings.Split(before, "\n") {
		if guard.MatchString(l) && !left[key(l)] {
			found = append(found, risk.Finding{Rule: "policy.dropped", Text: "a guard is gone: " + risk.Excerpt(l), Level: risk.Medium})
		}
	}
	return found
}

// key is the name of a setting, in small letters.
func key(l string) string {
	l = strings.TrimSpace(l)
	end := strings.IndexFunc(l, func(r rune) bool { return r == '=' || r == ':' || unicode.IsSpace(r) })
	if end >= 0 {
		l = l[:end]
	}
	return strings.ToLower(l)
}
