# One random secret is made once; every password is derived from it, so nothing else has to be remembered.
# shellcheck shell=bash

secrets_open() {
  [[ -s $state/secret ]] || random | private "$state/secret"
  master_secret=$(<"$state/secret")
}

# secret NAME prints the 64 hexadecimal digits that belong to a name.
secret() { printf '%s:%s' "$master_secret" "$1" | sha256sum | cut -c1-64; }

# secret_uuid NAME prints 32 of them in the form that Consul demands of a token.
secret_uuid() { secret "$1" | sed -E 's/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/\1-\2-\3-\4-\5/'; }
