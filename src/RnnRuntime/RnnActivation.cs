namespace RnnRuntime;

/// <summary>The function a plain recurrent layer applies to its sum.</summary>
public enum RnnActivation
{
    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary><c>max(x, 0)</c>.</summary>
    Relu,

    /// <summary>The sum itself: a linear recurrence.</summary>
    Identity,
}
