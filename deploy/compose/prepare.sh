#!/bin/sh
# Makes what compose.yaml needs and nobody ships: passwords, tokens, settings, and a certificate if there is none.
# As root: ./prepare.sh bandroom.example.org
# What is there already stays, so that it can be run again, and so that a certificate of yours is used: put it into
# secrets/fullchain.pem and secrets/privkey.pem before.
set -eu
umask 077
cd "$(dirname "$0")"

name=${1-}
case $name in
'' | *[!a-z0-9.-]* | [.-]*)
    echo "usage: ./prepare.sh NAME, where NAME is what agents and readers will call this server: bandroom.example.org" >&2
    exit 2 ;;
esac
if [ "$(id -u)" != 0 ]; then
    echo "run this as root: each secret belongs to the one account that reads it" >&2
    exit 1
fi
command -v openssl > /dev/null || { echo "the command openssl is missing: apt-get install openssl" >&2; exit 1; }

mkdir -p secrets settings

# belongs FILE UID: only that account reads it, here and in its container.
belongs() {
    chown "$2:$2" "$1"
    chmod 400 "$1"
}

# The accounts: 1000 is InfluxDB's, 472 Grafana's, 8600 the collector's. A file belongs to one of them, so that what two
# need stands in two files.
for secret in influxdb_password:1000 influxdb_token:1000 influxdb_grafana_password:472 grafana_password:472; do
    file=secrets/${secret%:*}
    [ -s "$file" ] || openssl rand -hex 32 | tr -d '\n' > "$file"
    belongs "$file" "${secret#*:}"
done
cp secrets/influxdb_token secrets/collector_influxdb_token
belongs secrets/collector_influxdb_token 8600

if [ ! -s secrets/fullchain.pem ]; then
    echo "making an authority of your own and a certificate for $name: agents join with --ca-file bandroom-ca.pem"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
        -subj "/CN=Bandroom authority" -keyout secrets/bandroom-ca.key -out bandroom-ca.pem 2> /dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -subj "/CN=$name" -keyout secrets/privkey.pem -out secrets/bandroom.csr 2> /dev/null
    echo "subjectAltName=DNS:$name" > secrets/names
    openssl x509 -req -in secrets/bandroom.csr -CA bandroom-ca.pem -CAkey secrets/bandroom-ca.key -CAcreateserial \
        -days 730 -extfile secrets/names -out secrets/fullchain.pem 2> /dev/null
    rm secrets/bandroom.csr secrets/names bandroom-ca.srl
    chmod 644 bandroom-ca.pem
fi

for file in district.toml rooms.csv; do
    [ -e "settings/$file" ] || cp "../$file" "settings/$file"
    chmod 644 "settings/$file"
done
if [ ! -e settings/bandroom.toml ]; then
    cat > settings/new <<END
host = "127.0.0.1" # nobody reaches HTTP past the proxy
data = "/var/lib/bandroom"
reflector_host = "0.0.0.0" # UDP and capacity tests do not go through the proxy
behind_proxy = true
public_url = "https://$name" # what agents join with
reader_password = "$(openssl rand -hex 16)"
store = "influx"
influx_url = "http://influxdb:8086"
influx_org = "bandroom"
influx_token_file = "/run/secrets/collector_influxdb_token"
END
    mv settings/new settings/bandroom.toml
fi
belongs settings/bandroom.toml 8600
chmod 755 settings
printf 'BANDROOM_NAME=%s\n' "$name" > .env

echo "ready: put your sites and rooms into settings/district.toml and settings/rooms.csv, then: docker compose up -d"
