# ncurses with form and menu, for the installer's pages.  The few terminals that
# a console can be are compiled in, so the image has no terminfo files.
ncurses_SOURCE := ncurses
ncurses_LICENCE := X11
ncurses_NEEDS := musl
ncurses_HOST := ncurses-bin
define ncurses_BUILD
CC=$MCC CFLAGS="$OPT" LDFLAGS=-static ./configure --host=x86_64-linux-musl \
	--prefix="$P" --without-shared --with-normal --without-debug \
	--without-ada --without-cxx --without-cxx-binding --without-progs \
	--without-tests --without-manpages --without-gpm --without-dlsym \
	--without-panel --disable-widec --disable-db-install \
	--disable-database --disable-home-terminfo --disable-stripping \
	--with-fallbacks=linux,vt100,vt102,vt220,xterm \
	--with-tic-path=/usr/bin/tic --with-infocmp-path=/usr/bin/infocmp
make $J libs
mkdir -p "$P/lib" "$P/include/ncurses"
cp lib/libncurses.a lib/libform.a lib/libmenu.a "$P/lib/"
cp include/curses.h include/unctrl.h include/ncurses_dll.h menu/menu.h \
	menu/eti.h form/form.h "$P/include/ncurses/"
ls "$P/include/ncurses"
endef
