#include "engine/trial/trial_rules.h"

#include "engine/rule_findings.h"

enum status trial_rules(struct run *run, struct trial *trial, const struct migration *migration,
                        struct session *session, struct error *err)
{
	struct finding_list findings = {0};
	struct plan alone = run->plan;

	alone.pending.items = &migration;
	alone.pending.count = 1;
	if (rule_findings_read(run->arena, &alone, session, &findings, err) != OK)
		return err->status;
	for (size_t i = 0; i < findings.count; i++) {
		const struct finding *found = &findings.items[i];
		bool refuses = rule_finding_refuses(found);
		*list_add(run->arena, &trial->findings) = (struct trial_finding){
			.check = found->rule,
			.warning = !refuses,
			.version = migration->version,
			.file = found->file,
			.line = found->line,
			.message = found->message,
			.hint = found->hint,
			.allowed_because = found->allowed_because,
		};
		trial->error_count += refuses;
	}
	return OK;
}
