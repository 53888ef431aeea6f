#!/bin/sh
# Runs in the InfluxDB image: the name "grafana" may read the three buckets of Bandroom, with the password of its file.
set -eu
INFLUX_TOKEN=$(cat /run/secrets/influxdb_token)
export INFLUX_TOKEN

if influx v1 auth list --username grafana --hide-headers | grep -q .; then
    influx v1 auth set-password --username grafana --password "$(cat /run/secrets/influxdb_grafana_password)"
    exit
fi
set --
for kept in reports bins days; do
    id=$(influx bucket list --name "bandroom_$kept" --hide-headers | cut -f 1)
    set -- "$@" --read-bucket "$id"
done
influx v1 auth create --username grafana --password "$(cat /run/secrets/influxdb_grafana_password)" "$@"
