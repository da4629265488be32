/*
 * What sanitizers are told: reports go to files that the test looks for, whatever becomes of the
 * program's standard error, and the first one ends the process.
 */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__lsan_default_options(void);

const char *__asan_default_options(void)
{
	return "log_path=" REPORTS "/report:log_exe_name=1:halt_on_error=1:exitcode=99"
	       ":detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1"
	       ":allocator_may_return_null=1";
}

const char *__ubsan_default_options(void)
{
	return "log_path=" REPORTS "/report:log_exe_name=1:print_stacktrace=1";
}

const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}
