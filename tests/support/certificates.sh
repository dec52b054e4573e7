#!/usr/bin/env bash
# usage: certificates.sh FOLDER
# Writes into FOLDER what servers with TLS need in tests: an authority (ca.pem), and NAME.pem with NAME.key of
#   good         for provider.test and 127.0.0.1, from that authority
#   elsewhere    for elsewhere.test
#   expired      for provider.test, until yesterday
#   self-signed  for provider.test, from nobody
set -euo pipefail
cd "$1"

request() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$2" "${@:3}" 2>/dev/null; }
sign() { # NAME HOST DAYS
  request "$1" "$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$3" -out "$1.pem" \
    -extfile <(printf 'subjectAltName=DNS:%s,IP:127.0.0.1\n' "$2") 2>/dev/null
  rm "$1.csr"
}

request ca "A test's authority" -x509 -days 30 -out ca.pem
sign good provider.test 30
sign elsewhere elsewhere.test 30
sign expired provider.test -1
request self-signed provider.test -x509 -days 30 -addext 'subjectAltName=DNS:provider.test' -out self-signed.pem
chmod 0644 ./*.key
