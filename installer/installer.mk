# What a person meets at the machine: the console screen and answer files.

INSTALLER_COMMON := installer/state.c installer/netconf.c
SCREEN_SOURCES := $(INSTALLER_COMMON) installer/screen.c installer/term.c \
	installer/facts.c
ANSWERS_SOURCES := $(INSTALLER_COMMON) installer/answers.c \
	installer/answers_main.c
INSTALLER_FLAGS = -std=gnu11 -D_GNU_SOURCE $(C_WARN) -Iinstaller

$(B)/musl/bedplate-screen: $(SCREEN_SOURCES) $(wildcard installer/*.h) \
		| $(call dep,musl)
	@mkdir -p $(@D)
	$(call say,CC)$(MUSL_CC) $(INSTALLER_FLAGS) -Os -fPIE -static-pie -s \
	    -o $@.$T $(SCREEN_SOURCES) -lcrypt
	@mv $@.$T $@

$(B)/musl/bedplate-answers: $(ANSWERS_SOURCES) $(wildcard installer/*.h) \
		| $(call dep,musl libxml2)
	@mkdir -p $(@D)
	$(call say,CC)$(MUSL_CC) $(INSTALLER_FLAGS) -Os -fPIE -static-pie -s \
	    -Wl,--gc-sections -I$(B)/sysroot/include/libxml2 \
	    -o $@.$T $(ANSWERS_SOURCES) -lxml2 -lcrypt -lm
	@mv $@.$T $@
