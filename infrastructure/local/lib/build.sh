# Builds the marketplace's programs into .local/bin; Go's cache makes a second build quick.
# shellcheck shell=bash

go_check() {
  command -v go >/dev/null || die "Go is missing." "Install Go 1.26 or newer (https://go.dev/dl) and put it on the PATH."
  [[ $(cd "$root" && go version 2>/dev/null) == *go1.* ]] || die "Go does not work here:" "$(cd "$root" && go version 2>&1)"
}

# main_of NAME prints the module's folder and the package of a program.
main_of() {
  case $1 in
  gateway) echo "infrastructure ./cmd" ;;
  demo) echo "infrastructure ./local/demo" ;;
  sandbox) echo "payment-service ./cmd/sandbox" ;;
  *) echo "$1 ./cmd" ;;
  esac
}

# build NAME compiles one program and notes in `rebuilt` when that changed it.
build() {
  local name=$1 module package before
  read -r module package < <(main_of "$name")
  before=$(stat -c %i "$state/bin/$name" 2>/dev/null || true)
  (cd "$root/$module" && GOWORK=off go build -buildvcs=false -o "$state/bin/$name" "$package") >"$state/log/build-$name.log" 2>&1 ||
    die "$name does not compile:" "$(tail -n 20 "$state/log/build-$name.log")"
  [[ $before == "$(stat -c %i "$state/bin/$name")" ]] || rebuilt+=("$name")
}

build_all() {
  local name
  rebuilt=()
  step "building (the first time takes minutes)"
  for name in "${services[@]}" gateway demo; do
    build "$name"
    [[ " ${rebuilt[*]} " != *" $name "* ]] || step "built $name"
  done
}
