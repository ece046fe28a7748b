import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icons';

type ButtonProps = Omit<JSX.IntrinsicElements['button'], 'icon'> & {
  icon?: IconName | undefined;
  /** `main`: the one thing to do here. `quiet`: without a frame. `danger`: takes something away. */
  look?: 'main' | 'plain' | 'quiet' | 'danger';
  children: ComponentChildren;
};

export function Button({ icon, look = 'plain', children, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} class={`button button-${look}`}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** A button that is only a picture; `name` is said by screen readers and shown as a hint. */
export function IconButton({ icon, name, ...rest }: Omit<ButtonProps, 'children' | 'icon'> & { icon: IconName; name: string }) {
  return (
    <button type="button" aria-label={name} title={name} {...rest} class="icon-button">
      <Icon name={icon} />
    </button>
  );
}
