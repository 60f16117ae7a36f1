"""The sandbox's Pine compiler: errors, warnings, and the inputs and plots of a script."""
