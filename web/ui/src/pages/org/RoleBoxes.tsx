import { useMe } from '../../api/queries';
import { capital, rolesOf, toggled } from './roles';

/** Check boxes of the roles the organisation may give. */
export function RoleBoxes({ roles, onChange, legend }: { roles: readonly string[]; onChange: (roles: string[]) => void; legend: string }) {
  const house = useMe().data?.org.house ?? false;
  return (
    <fieldset className="og-roles">
      <legend className="sm t2">{legend}</legend>
      {rolesOf(house).map((r) => (
        <label key={r.role}>
          <input type="checkbox" checked={roles.includes(r.role)} onChange={() => onChange(toggled(roles, r.role))} />
          <span className="m">{capital(r.role)}</span> <span className="sm t2">{r.does}</span>
        </label>
      ))}
    </fieldset>
  );
}
