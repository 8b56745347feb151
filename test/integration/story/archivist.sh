# Works for an agent in story_test.ts: asks which archive, asks whether it may delete it, and deletes it once.
# Speaks the protocol of the process executor (docs/develop.md); $SHELF is the folder with the archives.
set -eu
field() { printf '%s\n' "$2" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

read -r task
printf '%s\n' '{"type":"ask","id":"which","title":"Which archive is not needed?","choices":["archive-2019","archive-2020"]}'
read -r answer
name=$(field choice "$answer")
printf '%s\n' "{\"type\":\"ask\",\"id\":\"may\",\"title\":\"delete $name\",\"stakes\":\"high\",\"human_present\":true,\"action\":{\"verb\":\"archive.delete\",\"target\":\"$name\",\"args\":[],\"effect\":\"the archive is gone for good\",\"reversible\":false}}"
read -r answer
[ "$(field decision "$answer")" = approve ] || exit 65
rm "$SHELF/$name"
printf '%s\n' "{\"type\":\"performed\",\"request_id\":\"$(field request_id "$answer")\",\"outcome\":\"done\",\"text\":\"deleted $name\"}"
printf '%s\n' "{\"type\":\"result\",\"summary\":\"deleted $name\",\"output\":\"$name\"}"
