-- Grants on configuration parameters (15 and later), as statements.
select format('GRANT %s ON PARAMETER %s TO %s%s', x.privilege_type, p.parname,
	case when x.grantee = 0 then 'PUBLIC' else (select format('%I', rolname) from pg_roles where oid = x.grantee) end,
	case when x.is_grantable then ' WITH GRANT OPTION' else '' end)
from pg_parameter_acl p, aclexplode(p.paracl) x
order by 1
