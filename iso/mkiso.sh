#!/bin/sh
# mkiso.sh WORK OUT GRUBCFG SLOT ID GRUB-MODULES
set -eu

work=$1 out=$2 cfg=$3 slot=$4 id=$5 modules=$6
tree=$work/tree
rm -rf "$tree"
mkdir -p "$tree/boot/grub" "$tree/bedplate"
cp "$cfg" "$tree/boot/grub/grub.cfg"
cp "$slot" "$tree/bedplate/slot.img"
cp "$id" "$tree/bedplate/build"
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

# an image of the same content has the same identifiers
mkdir -p "$work/bin"
cat >"$work/bin/mformat" <<EOF
#!/bin/sh
exec $(command -v mformat) -N $(printf %08x "$SOURCE_DATE_EPOCH") "\$@"
EOF
chmod +x "$work/bin/mformat"
date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S00)
PATH=$work/bin:$PATH grub-mkrescue --output="$out" \
    --product-name=Bedplate --locales='' \
    --fonts='' --themes='' --install-modules="$modules" \
    --modules='' "$tree" -- -volid BEDPLATE_CD \
    -volume_date uuid "$date" -volume_date all_file_dates "$date" \
    >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
