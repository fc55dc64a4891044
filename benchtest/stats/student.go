package stats

import "math"

// student is how many standard errors hold the middle part, confidence, of
// Student's t with the given degrees of freedom, 1 or more. In t = √ν·tan θ the
// density is cos θ to the power of ν-1, which is bounded and so easily summed.
func student(confidence float64, freedom int) float64 {
	density := func(theta float64) float64 { return math.Pow(math.Cos(theta), float64(freedom-1)) }
	part := confidence * simpson(density, math.Pi/2)
	// The density only falls, so that Newton's steps from zero come ever nearer
	// and never go too far.
	theta := 0.0
	for range 60 {
		step := (part - simpson(density, theta)) / density(theta)
		if theta += step; math.Abs(step) < 1e-14 {
			break
		}
	}
	return math.Sqrt(float64(freedom)) * math.Tan(theta)
}

// simpson is the integral of f from 0 to end.
func simpson(f func(float64) float64, end float64) float64 {
	const steps = 1000 // even
	h := end / steps
	sum := f(0) + f(end)
	for i := 1; i < steps; i++ {
		sum += f(float64(i)*h) * float64(2+2*(i%2))
	}
	return sum * h / 3
}
