import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A component whose script comes when it is first shown. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let come: ComponentType<Props> | undefined;
  return function Later(props: Props) {
    const [, setCome] = useState(come);
    useEffect(() => {
      if (come === undefined) void load().then((component) => setCome(() => (come = component)));
    }, []);
    const Come = come;
    return Come ? <Come {...props} /> : null;
  };
}
