# What a person meets at the machine: the console screen and answer files.

INSTALLER_COMMON := $(addprefix installer/,choices.c keymap.c netconf.c program.c \
	script.c state.c timezone.c)
INSTALLER_BASE := $(addprefix xapi-c/base/,atomic_file.c below.c clock.c fdio.c \
	hostname.c mem.c product.c secret.c sysfs.c)
INSTALLER_HEADERS := $(wildcard installer/*.h) $(INSTALLER_BASE:.c=.h)
SCREEN_SOURCES := $(INSTALLER_COMMON) $(INSTALLER_BASE) \
	$(addprefix installer/,screen.c term.c facts.c)
ANSWERS_SOURCES := $(INSTALLER_COMMON) $(INSTALLER_BASE) \
	$(addprefix installer/,answers.c answers_main.c)
INSTALLER_FLAGS = -std=gnu11 -D_GNU_SOURCE $(C_WARN) $(HARDENING) \
	-Iinstaller -Ixapi-c

$(B)/musl/bedplate-screen: $(SCREEN_SOURCES) $(INSTALLER_HEADERS) \
		| $(call dep,musl)
	@mkdir -p $(@D)
	$(call say,CC)$(MUSL_CC) $(INSTALLER_FLAGS) -Os -fPIE -static-pie -s \
	    -o $@.$T $(SCREEN_SOURCES) -lcrypt
	@mv $@.$T $@

$(B)/musl/bedplate-answers: $(ANSWERS_SOURCES) $(INSTALLER_HEADERS) \
		| $(call dep,musl libxml2)
	@mkdir -p $(@D)
	$(call say,CC)$(MUSL_CC) $(INSTALLER_FLAGS) -Os -fPIE -static-pie -s \
	    -Wl,--gc-sections -I$(B)/sysroot/include/libxml2 \
	    -o $@.$T $(ANSWERS_SOURCES) -lxml2 -lcrypt -lm
	@mv $@.$T $@

SLOT_SOURCES := $(wildcard installer/slot/*.c) \
	$(addprefix xapi-c/base/,atomic_file.c fdio.c installation.c)

$(B)/musl/bedplate-slot: $(SLOT_SOURCES) $(INSTALLER_HEADERS) \
		$(wildcard installer/slot/*.h) | $(call dep,musl)
	@mkdir -p $(@D)
	$(call say,CC)$(MUSL_CC) $(INSTALLER_FLAGS) -Os -fPIE -static-pie -s \
	    -o $@.$T $(SLOT_SOURCES)
	@mv $@.$T $@

INSTALL_SOURCES := $(wildcard installer/disk/*.c installer/install/*.c) \
	$(INSTALLER_COMMON) $(INSTALLER_BASE) xapi-c/base/installation.c

$(B)/musl/bedplate-install: $(INSTALL_SOURCES) $(INSTALLER_HEADERS) \
		$(wildcard installer/disk/*.h installer/install/*.h) \
		| $(call dep,musl libfdisk util-linux)
	@mkdir -p $(@D)
	$(call say,CC)$(MUSL_CC) $(INSTALLER_FLAGS) -Os -fPIE -static-pie -s \
	    -Wl,--gc-sections -I$(B)/sysroot/include/libfdisk \
	    -I$(B)/sysroot/include/blkid -o $@.$T $(INSTALL_SOURCES) \
	    -lfdisk -lblkid -luuid -lcrypt
	@mv $@.$T $@

# Of the build host: the image for sticks and cards.
FLASH_SOURCES := installer/flash/main.c \
	$(addprefix installer/disk/,grub.c layout.c mark.c table.c) \
	xapi-c/base/fdio.c

$(B)/musl/bedplate-flash: $(FLASH_SOURCES) $(INSTALLER_HEADERS) \
		$(wildcard installer/disk/*.h) | $(call dep,musl libfdisk util-linux)
	@mkdir -p $(@D)
	$(call say,CC)$(MUSL_CC) $(INSTALLER_FLAGS) -Os -fPIE -static-pie -s \
	    -Wl,--gc-sections -I$(B)/sysroot/include/libfdisk \
	    -I$(B)/sysroot/include/blkid -o $@.$T $(FLASH_SOURCES) \
	    -lfdisk -lblkid -luuid
	@mv $@.$T $@

# The text interface: what bedplate-install does, after asking.
SETUP_SOURCES := $(wildcard installer/setup/*.c installer/disk/*.c) \
	$(addprefix installer/install/,choose.c files.c install.c plan.c \
	steps.c) installer/facts.c \
	$(INSTALLER_COMMON) $(INSTALLER_BASE)

$(B)/musl/bedplate-setup: $(SETUP_SOURCES) $(INSTALLER_HEADERS) \
		$(wildcard installer/*/*.h) \
		| $(call dep,musl libfdisk util-linux ncurses)
	@mkdir -p $(@D)
	$(call say,CC)$(MUSL_CC) $(INSTALLER_FLAGS) -Os -fPIE -static-pie -s \
	    -Wl,--gc-sections -I$(B)/sysroot/include/libfdisk \
	    -I$(B)/sysroot/include/blkid -I$(B)/sysroot/include/ncurses \
	    -o $@.$T $(SETUP_SOURCES) -lform -lmenu -lncurses -lfdisk -lblkid \
	    -luuid -lcrypt
	@mv $@.$T $@
